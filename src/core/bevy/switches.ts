import type { Route } from '../settings.ts'

/** Record types a person switches on in Bevy, under Settings → Webhooks. */
export const BEVY_TYPES = ['attendee', 'event', 'chapter', 'chaptermember', 'user'] as const

/** Which types the routes need, and which routes need each. */
export function switchesOf(routes: readonly Route[]): { readonly type: string; readonly routes: readonly string[] }[] {
  return BEVY_TYPES.map((type) => ({
    type,
    routes: routes.filter(({ filter }) => filter.canMatch(type)).map(({ name }) => name),
  })).filter(({ routes: by }) => by.length > 0)
}
