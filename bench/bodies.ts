/** Request bytes of deliveries: made once, then only digits change in place, so that sending costs next to nothing. */

/** A request whose bytes can be changed to those of the next delivery. */
export interface Request {
  readonly bytes: Buffer
  /** Makes it the delivery number `turn`: records of a population, in a state never sent before. */
  turnTo(turn: number): void
}

/** What the requests look like. */
export interface RequestOptions {
  readonly path: string
  readonly secret: string
  /** Records in a body. */
  readonly records: number
  /** Distinct records there are; a record comes again, changed, after so many. */
  readonly population: number
}

const DIGITS = 10
const ID = '1000000000'
const STATE = '2000000000'

/** One registration, about as large as Bevy's own (550 bytes). */
const attendee = {
  id: Number(ID),
  attendee_code: `GUEST${STATE}`,
  user_id: 77_102,
  event_id: 9001,
  event_chapter_id: 77,
  created_date: '2026-03-02T09:15:00Z',
  checkin_date: null,
  deleted_date: null,
  status: 'registered',
  first_name: 'Avery',
  last_name: 'Okafor',
  email: 'avery.okafor@example.com',
  ticket_title: 'General admission',
  ticket_audience_type_enum_value: 'IN_PERSON',
  surveys: {
    registration: {
      questions: [
        { question: 'T-shirt size', answer: 'M' },
        { question: 'Dietary needs', answer: 'vegetarian' },
      ],
    },
  },
}

/** Makes one. */
export function makeRequest({ path, secret, records, population }: RequestOptions): Request {
  const body = JSON.stringify([{ type: 'attendee', data: Array.from({ length: records }, () => attendee) }])
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `x-bevy-secret: ${secret}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ].join('\r\n')
  const bytes = Buffer.from(`${head}\r\n\r\n${body}`)
  const ids = placesOf(bytes, ID)
  const states = placesOf(bytes, STATE)
  return {
    bytes,
    turnTo(turn) {
      for (let at = 0; at < records; at++) {
        writeDigits(bytes, ids[at] ?? 0, Number(ID) + ((turn * records + at) % population))
        writeDigits(bytes, states[at] ?? 0, Number(STATE) + turn)
      }
    },
  }
}

function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) places.push(at)
  return places
}

function writeDigits(bytes: Buffer, at: number, value: number): void {
  for (let place = at + DIGITS - 1; place >= at; place--) {
    bytes[place] = 48 + (value % 10)
    value = Math.floor(value / 10)
  }
}
