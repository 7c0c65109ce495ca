import { parseInstant } from './instants.ts'
import type { JsonObject } from '../types.ts'

/** What is needed to tell how old the news of a record is. */
export interface News {
  readonly type: string
  readonly data: JsonObject
  readonly before?: JsonObject | undefined
  /** Milliseconds since 1970. */
  readonly receivedAt: number
}

/** Which field dates an attendee's status. */
const ATTENDEE_DATE: Readonly<Record<string, string>> = {
  registered: 'created_date',
  'checked-in': 'checkin_date',
  deleted: 'deleted_date',
}

/**
 * When what a record tells happened, in milliseconds since 1970; undefined where the record does not say, and its news is then
 * never old. An event that is over counts from its end. One whose status just changed is news now: Bevy sends no date of
 * publication by default.
 */
export function ownTime({ type, data, before, receivedAt }: News): number | undefined {
  switch (type) {
    case 'event': {
      const end = millis(data['end_date'])
      if (end !== undefined && end < receivedAt) return end
      const published = millis(data['publish_date'])
      if (published !== undefined) return published
      if (before !== undefined && before['status'] !== data['status']) return receivedAt
      return millis(data['created_ts'])
    }
    case 'attendee':
      return millis(data[ATTENDEE_DATE[String(data['status'])] ?? 'created_date']) ?? millis(data['created_date'])
    case 'chaptermember':
      return millis(data['departure_date']) ?? millis(data['created_date'])
    default:
      return undefined
  }
}

function millis(value: unknown): number | undefined {
  const instant = parseInstant(value)
  return instant === undefined ? undefined : Math.floor(instant.micros / 1000)
}
