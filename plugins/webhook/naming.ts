import type { Job } from '../../src/plugin.ts'

/**
 * The dotted type of a job, `[a-z0-9_.]`: `attendee.registered`, `attendee.checked_in`, `event.published`, by the status of an
 * attendee or event; `<type>.updated` for everything else, for Bevy does not say what was created and what was changed.
 */
export function eventTypeOf({ type, data }: Pick<Job, 'type' | 'data'>): string {
  const status = (type === 'attendee' || type === 'event') && typeof data['status'] === 'string' ? data['status'] : ''
  return `${word(type) || 'record'}.${word(status) || 'updated'}`
}

const WORD = /^[a-z0-9_]*$/

function word(text: string): string {
  if (WORD.test(text)) return text
  return text
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, '_')
    .replace(/[^a-z0-9_]/g, '')
}
