import { inventPerson, PLACES, type Place } from './people.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { JsonObject } from '../types.ts'

/** What records are invented with. */
export interface World {
  readonly random: SeededRandom
  /** First of the ids; the types count on from different places behind it. */
  readonly idBase: number
  /** How many of each other records refer to. */
  readonly known: { readonly chapter: number; readonly user: number; readonly event: number }
  /** Milliseconds since 1970: "now" at the moment of the first change. */
  readonly start: number
}

/** Where the ids of a type begin behind the base; attendees, the most numerous, come last. */
const FIRST_ID: Readonly<Record<string, number>> = { chapter: 71, user: 101, chaptermember: 20_001, event: 9_001 }
const FIRST_ATTENDEE = 50_001
const DAY = 86_400_000

/** The `index`-th (from 0) record of a type, in the state it is created in. Unknown types get a record of their own shape. */
export function inventRecord(world: World, type: string, index: number): JsonObject {
  const id = idOf(world, type, index)
  switch (type) {
    case 'chapter':
      return inventChapter(world, id)
    case 'user':
      return inventUser(world, id)
    case 'chaptermember':
      return inventMember(world, id)
    case 'event':
      return inventEvent(world, id, index)
    case 'attendee':
      return inventAttendee(world, id, index)
    default:
      return { id, anything: true, note: `a record of type ${type}`, created_date: utc(world.start) }
  }
}

/** `2026-03-02T09:14:05Z` */
export function utc(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** `2026-03-20T18:00:00-07:00`; with six decimals for `created_ts` and `updated_ts`. */
export function zoned(ms: number, offset: string, micros?: number): string {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) as unknown as [string, string, string, string]
  const shift = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  const local = new Date(ms + shift).toISOString()
  return micros === undefined
    ? `${local.slice(0, 19)}${offset}`
    : `${local.slice(0, 23)}${String(micros).padStart(3, '0')}${offset}`
}

/** The place an event's chapter lies in. */
export function placeOf(index: number): Place {
  return PLACES[index % PLACES.length] as Place
}

function idOf({ idBase }: World, type: string, index: number): number {
  return idBase + (type === 'attendee' ? FIRST_ATTENDEE : (FIRST_ID[type] ?? 1)) + index
}

/** The chapter an event belongs to, by the event's index. */
function chapterOfEvent(world: World, index: number): number {
  return idOf(world, 'chapter', index % Math.max(1, world.known.chapter))
}

/** A record of another type. It may never be sent itself: Bevy's switches are independent. */
function anyId(world: World, type: 'chapter' | 'user'): number {
  return idOf(world, type, world.random.int(0, Math.max(1, world.known[type]) - 1))
}

function inventChapter(world: World, id: number): JsonObject {
  const place = placeOf(id - idOf(world, 'chapter', 0))
  const slug = place.city.toLowerCase()
  const leadId = idOf(world, 'user', 0)
  const lead = inventPerson(leadId)
  return {
    id,
    title: `${place.city} Makers`,
    chapter_location: `${place.city} (${place.country})`,
    city: place.city,
    state: place.state,
    country: place.country,
    country_name: place.countryName,
    timezone: place.timezone,
    url: `https://community.example.com/${slug}/`,
    relative_url: `/${slug}/`,
    description: `<p>We meet in ${place.city}.</p>`,
    hide_country_info: false,
    logo: {},
    chapter_team: [
      {
        id: id * 10,
        title: 'Lead',
        user: { id: leadId, first_name: lead.first, last_name: lead.last, email: lead.email },
        role: { id: 1, name: 'Director', description: 'All' },
      },
    ],
  }
}

function inventUser({ random, start }: World, id: number): JsonObject {
  const person = inventPerson(id)
  return {
    id,
    first_name: person.first,
    last_name: person.last,
    email: person.email,
    joined_date: utc(start - random.int(1, 900) * DAY),
    deleted_date: null,
    company: random.pick(['Example Co', 'Sample GmbH', '']),
    title: random.pick(['Engineer', 'Designer', 'Student', '']),
    utm_source: random.pick(['newsletter', null]),
    utm_medium: null,
    utm_campaign: null,
    utm_content: null,
    utm_term: null,
  }
}

function inventMember(world: World, id: number): JsonObject {
  const userId = anyId(world, 'user')
  const joined = { created_date: utc(world.start - world.random.int(0, 300_000)), departure_date: null }
  // Bevy's page on the shape is not public: ids or nested objects, both are seen in its neighbours.
  if (world.random.chance(0.5)) return { id, user_id: userId, chapter_id: anyId(world, 'chapter'), ...joined }
  const { first, last, email } = inventPerson(userId)
  const user = { id: userId, first_name: first, last_name: last, email }
  return { id, user, chapter: { id: anyId(world, 'chapter'), title: 'Makers' }, ...joined }
}

function inventEvent(world: World, id: number, index: number): JsonObject {
  const { random, start } = world
  const chapter = inventChapter(world, chapterOfEvent(world, index))
  const place = placeOf(Number(chapter['id']) - idOf(world, 'chapter', 0))
  const topic = random.pick(['Spring Meetup', 'Autumn Meetup', 'Cloud Day', 'Open Data Night', 'Café & Code 🎉'])
  const begins = start - (start % DAY) + random.int(7, 60) * DAY + 18 * 3_600_000
  const created = zoned(start, place.offset, random.int(0, 999))
  return {
    id,
    title: index < 5 ? topic : `${topic} ${index + 1}`,
    status: 'Draft',
    url: `https://community.example.com/events/details/${id}/`,
    description_short: 'Talks and pizza.',
    start_date: zoned(begins, place.offset),
    end_date: zoned(begins + 3 * 3_600_000, place.offset),
    event_type_id: 4,
    event_type_title: 'In-person meetup',
    picture: {},
    key_persons: [],
    chapter,
    venue_name: 'The Lab',
    venue_address: place.street,
    venue_city: place.city,
    venue_zip_code: place.zip,
    get_event_address: `${place.street}, ${place.city}`,
    created_ts: created,
    updated_ts: created,
    allows_cohosting: false,
    published_by_full_name: null,
  }
}

function inventAttendee(world: World, id: number, index: number): JsonObject {
  const { random, start } = world
  const byHand = random.chance(0.05)
  // All users register for the first event, then all for the second; whoever is added at the door has no account.
  const users = Math.max(1, world.known.user)
  const userId = byHand ? null : idOf(world, 'user', index % users)
  const event = Math.floor(index / users) % Math.max(1, world.known.event)
  const person = inventPerson(userId ?? id)
  const asked = random.chance(0.6)
  const created = utc(start - random.int(0, 600_000))
  return {
    id,
    attendee_code: `SGA1600${id}`,
    user_id: userId,
    event_id: idOf(world, 'event', event),
    event_chapter_id: chapterOfEvent(world, event),
    created_date: created,
    checkin_date: null,
    deleted_date: null,
    status: 'registered',
    first_name: person.first,
    last_name: byHand ? '' : person.last,
    email: person.email,
    ticket_title: byHand ? null : random.pick(['General Admission', 'RSVP', 'Student']),
    ticket_audience_type_enum_value: byHand ? null : random.pick(['In Person', 'Virtual']),
    surveys: asked
      ? {
          pre_order: {
            created_date: created,
            fields: [
              { label: 'T-shirt size', value: random.pick(['S', 'M', 'L', 'XL']) },
              { label: 'Dietary needs', value: random.pick([null, 'vegan', 'no nuts, please', '=none']) },
              { label: 'Topics', value: random.pick([['Go', 'Rust'], ['Data'], []]) },
            ],
          },
        }
      : {},
  }
}
