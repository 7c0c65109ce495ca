import type { BevySettings } from '../core/settings.ts'
import type { Config } from './schema.ts'

/** Access to Bevy's REST API; undefined where it is not configured. */
export function toBevy({ bevy }: Config): BevySettings | undefined {
  const { api, token } = bevy ?? {}
  if (bevy === undefined || api === undefined || token === undefined) return undefined
  return { ...bevy, api, token }
}
