import { createSeededRandom, type SeededRandom } from '../seeded-random.ts'

/** An invented person. */
export interface Person {
  readonly first: string
  readonly last: string
  /** Always at example.com. */
  readonly email: string
}

/** An invented place of a chapter. */
export interface Place {
  readonly city: string
  readonly state: string
  readonly country: string
  readonly countryName: string
  readonly timezone: string
  /** Bevy's offsets need not be those of the zone; this one is fixed through the year. */
  readonly offset: string
  readonly zip: string
  readonly street: string
}

const FIRST =
  'Avery Robin Noor Mika Sasha Jules Kim Ana Tariq Linnéa Oluwaseun Chloë Wei Ingrid Mateo Priya Søren Yuki Zoë Amara Łukasz Fatima'.split(
    ' ',
  )
const LAST =
  "Okafor Haddad Lindqvist Nakamura O'Brien Müller Silva Kowalski Adeyemi Rossi Tanaka Novák Bakker Ferrari Castellanos Iyer".split(
    ' ',
  )

/** Places with zones on both sides of the date line, one without daylight saving, one of a half-hour offset. */
export const PLACES: readonly Place[] = [
  place('Portland', 'OR', 'US', 'United States', 'America/Los_Angeles', '-07:00', '97201', '1 Main St'),
  place('Berlin', '', 'DE', 'Germany', 'Europe/Berlin', '+01:00', '10119', 'Torstraße 9'),
  place('Lagos', '', 'NG', 'Nigeria', 'Africa/Lagos', '+01:00', '101233', '12 Marina Rd'),
  place('Pune', 'MH', 'IN', 'India', 'Asia/Kolkata', '+05:30', '411001', '4 MG Road'),
  place('Osaka', '', 'JP', 'Japan', 'Asia/Tokyo', '+09:00', '530-0001', '2-4 Umeda'),
  place('Alofi', '', 'NU', 'Niue', 'Pacific/Niue', '-09:00', '9974', 'Main Road'),
]

function place(
  city: string,
  state: string,
  country: string,
  countryName: string,
  timezone: string,
  offset: string,
  zip: string,
  street: string,
): Place {
  return { city, state, country, countryName, timezone, offset, zip, street }
}

/** The person of a user or attendee id: the same wherever the id is met, with an address no other id has. */
export function inventPerson(id: number): Person {
  const random = createSeededRandom(id)
  const first = random.pick(FIRST)
  const last = random.pick(LAST)
  const ascii = `${first}.${last}`.normalize('NFD').replace(/[^A-Za-z.]/g, '')
  return { first, last, email: `${ascii.toLowerCase()}.${id}@example.com` }
}

/** What Bevy puts in place of a deleted person's address. */
export function anonymisedEmail(random: SeededRandom): string {
  return `deleted+${random.int(0x1000_0000, 0xffff_ffff).toString(16)}@bevylabs.com`
}
