import { anonymisedEmail } from './people.ts'
import { utc, zoned, type World } from './world.ts'
import type { JsonObject } from '../types.ts'

/** What becomes of a record next, at an instant (milliseconds since 1970). A walk: each step sees only the state before. */
export function nextState(world: World, type: string, data: JsonObject, at: number): JsonObject {
  switch (type) {
    case 'attendee':
      return nextAttendee(world, data, at)
    case 'event':
      return nextEvent(world, data, at)
    case 'chapter':
      return nextChapter(world, data)
    case 'chaptermember':
      return { ...data, departure_date: data['departure_date'] === null ? utc(at) : null }
    case 'user':
      return nextUser(world, data, at)
    default:
      return { ...data, anything: data['anything'] !== true, revision: Number(data['revision'] ?? 1) + 1 }
  }
}

/** Registered, checked in, undone, canceled, registered again; the old `deleted_date` may stay, as seen in the wild. */
function nextAttendee({ random }: World, data: JsonObject, at: number): JsonObject {
  switch (data['status']) {
    case 'registered':
      return random.chance(0.6)
        ? { ...data, status: 'checked-in', checkin_date: utc(at) }
        : { ...data, status: 'deleted', deleted_date: utc(at), checkin_date: null }
    case 'checked-in':
      return { ...data, status: 'registered', checkin_date: null }
    default:
      return { ...data, status: 'registered', ...(random.chance(0.5) && { deleted_date: null }) }
  }
}

/** Draft, published, moved, canceled or concluded, now and then back to draft. `updated_ts` moves with every step. */
function nextEvent({ random }: World, data: JsonObject, at: number): JsonObject {
  const offset = String(data['start_date']).slice(-6)
  const updated_ts = zoned(at, offset, random.int(0, 999))
  const team = (data['chapter'] as { chapter_team?: { user?: JsonObject }[] }).chapter_team?.[0]?.user
  const published = {
    ...data,
    status: 'Published',
    published_by_full_name: `${String(team?.['first_name'])} ${String(team?.['last_name'])}`,
    updated_ts,
  }
  if (data['status'] !== 'Published') return published
  switch (random.pick(['moved', 'moved', 'renamed', 'concluded', 'canceled', 'draft'])) {
    case 'moved': {
      const begins = Date.parse(String(data['start_date'])) + random.int(1, 7) * 86_400_000
      const dates = { start_date: zoned(begins, offset), end_date: zoned(begins + 3 * 3_600_000, offset) }
      return { ...published, ...dates, venue_name: random.pick(['The Lab', 'Town Hall', 'Room 7']) }
    }
    case 'renamed':
      return { ...published, description_short: `Talks and pizza, edition ${random.int(2, 99)}.` }
    case 'concluded':
      return { ...published, total_attendees: random.int(20, 90), checkin_count: random.int(5, 20) }
    case 'canceled':
      return { ...published, status: 'Canceled' }
    default:
      return { ...published, status: 'Draft' }
  }
}

function nextChapter({ random }: World, data: JsonObject): JsonObject {
  const team = data['chapter_team'] as readonly JsonObject[]
  if (random.chance(0.5)) return { ...data, description: `<p>We meet every ${random.int(2, 9)} weeks.</p>` }
  // Team entries without a user are seen in Bevy's own example.
  return {
    ...data,
    chapter_team: [...team, { id: Number(data['id']) * 10 + team.length, title: 'Helper', user: {}, role: {} }],
  }
}

function nextUser({ random }: World, data: JsonObject, at: number): JsonObject {
  if (data['deleted_date'] !== null) return { ...data, utm_source: random.pick(['newsletter', 'talk', null]) }
  if (random.chance(0.8))
    return { ...data, company: `Example ${random.pick(['Labs', 'Works', 'Union'])} ${random.int(1, 99)}` }
  const gone = { first_name: '', last_name: '', company: '', title: '' }
  return { ...data, ...gone, email: anonymisedEmail(random), deleted_date: utc(at) }
}
