import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { createSeededRandom, type SeededRandom } from '../../src/core/seeded-random.ts'

/** A body nobody honest would send, with what its headers say of it. */
export interface HostileBody {
  readonly bytes: Uint8Array
  /** Content-Encoding, true or not. */
  readonly encoding?: string
  readonly contentType?: string
}

/** Stands in bodies wherever a person's data could; no line of a log may carry it. */
export const CANARY = 'kanarienvogel'

const LONG = 'x'.repeat(300)
const KEYS =
  `id type data __proto__ constructor toString hasOwnProperty email updated_ts start_date event_id chapter_id chapter
  user surveys status length 0 $eq a.b ${CANARY}`.split(/\s+/)
const ODD_KEYS = ['', '\\u0000', '\\ud800', '\\"', '{{ record.id }}', LONG]
const NUMBERS = ['0', '-0', '1', '1e308', '1e400', '-1E+999', '12345678901234567890', '5e-324', '0.1', '9'.repeat(400)]
const TEXTS = [
  CANARY,
  `${CANARY}@example.com`,
  '2026-03-01T10:00:00Z',
  '9999-12-31T00:00:00Z',
  '0001-01-01',
  'Published',
  '\\ud800',
  '\\udfff\\ud800',
  '\\u0000\\u001f\\u202e',
  '\\u2028',
  '{{ record.id }}{% raw %}',
  '../../etc/passwd',
  '=cmd|x!A0',
  '',
  'é\u0301漢🦆',
  LONG,
]
const TYPES = [
  'attendee',
  'event',
  'chapter',
  'chaptermember',
  'user',
  'constructor',
  'toString',
  'hasOwnProperty',
].concat(['x/../../../../outside', 'a.b', 'Ünï', 'x'.repeat(100)])
const NO_TYPES = [
  '""',
  '5',
  'null',
  '{}',
  '["event"]',
  '"a:b"',
  '"__proto__"',
  '".."',
  `"${CANARY}@x"`,
  `"${'x'.repeat(101)}"`,
]
const NO_IDS = ['null', 'true', '""', '" "', '{}', '[1]', `"${'x'.repeat(201)}"`, '"a\\nb"', '"\\ud801"', '"\\u0000"']

/** The body with this number: the same for the same seed. */
export function hostileBody(seed: number, n: number): HostileBody {
  const random = createSeededRandom(seed * 1_000_003 + n)
  const text = random.chance(0.75) ? bodyText(random) : notABody(random)
  const bytes = random.chance(0.25) ? damage(random, Buffer.from(text)) : Buffer.from(text)
  const contentType = random.pick([
    undefined,
    undefined,
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
  ])
  return {
    ...(random.chance(0.06) ? pack(random, bytes) : { bytes }),
    ...(contentType === undefined ? {} : { contentType }),
  }
}

function bodyText(random: SeededRandom): string {
  const envelopes = Array.from({ length: random.int(1, 3) }, () =>
    random.chance(0.9) ? envelope(random) : value(random, 2),
  )
  return random.chance(0.9) ? `[${envelopes.join(',')}]` : (envelopes[0] ?? '')
}

function envelope(random: SeededRandom): string {
  const type = random.chance(0.93) ? `"${random.pick(TYPES)}"` : random.pick(NO_TYPES)
  const records = Array.from({ length: random.int(0, 4) }, () =>
    random.chance(0.9) ? record(random) : value(random, 2),
  )
  const data = random.chance(0.9) ? `[${records.join(',')}]` : (records[0] ?? random.pick(['null', '""', '{}', '5']))
  const members = [`"type":${type}`, `"data":${data}`]
  // A type is printed; so none of them is the canary.
  if (random.chance(0.1)) members.push(`"x${member(random, 1).slice(1)}`)
  if (random.chance(0.05)) members.push(members[random.int(0, 1)] as string)
  return `{${random.shuffle(members).join(',')}}`
}

function record(random: SeededRandom): string {
  const id = random.chance(0.9) ? `${random.int(1, 400)}` : random.pick([...NUMBERS, ...NO_IDS])
  const others = Array.from({ length: random.int(0, 4) }, () => member(random, 2))
  // An id is printed too; but a second one makes it interesting.
  const members = [`"id":${id}`, ...others.filter((one) => !one.startsWith('"id"') || !one.includes(CANARY))]
  return `{${members.join(random.chance(0.05) ? ' ,\n\t' : ',')}}`
}

function member(random: SeededRandom, depth: number): string {
  return `"${random.chance(0.9) ? random.pick(KEYS) : random.pick(ODD_KEYS)}":${value(random, depth)}`
}

function value(random: SeededRandom, depth: number): string {
  if (depth > 0 && random.chance(0.3)) {
    const length = random.int(0, 3)
    if (random.chance(0.5)) return `[${Array.from({ length }, () => value(random, depth - 1)).join(',')}]`
    return `{${Array.from({ length }, () => member(random, depth - 1)).join(',')}}`
  }
  const kind = random.int(0, 3)
  if (kind === 0) return random.pick(NUMBERS)
  return kind === 1 ? random.pick(['null', 'true', 'false']) : `"${random.pick(TEXTS)}"`
}

function notABody(random: SeededRandom): string {
  const depth = random.int(1, 3_000)
  return random.pick([
    () => '',
    () => ' \n',
    () => value(random, 3),
    () => `<html>${CANARY}</html>`,
    () => 'type=event&data=1',
    () => '['.repeat(depth),
    () => '['.repeat(depth) + ']'.repeat(depth),
    () => `[{"type":"event","data":[{"id":1,"x":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}]}]`,
    () => `[{"type":"event","data":[${'1,'.repeat(depth % 9)}1]}]`,
    () => `${bodyText(random)}${bodyText(random)}`,
    () => `\ufeff${bodyText(random)}`,
    () => bodyText(random).replaceAll('"', "'"),
    () => bodyText(random).replaceAll(',', ',,'),
    () => `NaN,Infinity,undefined,0x10,01,+1,.5,1.`,
  ])()
}

/** Flips, cuts, doubles and throws in bytes. */
function damage(random: SeededRandom, bytes: Buffer): Uint8Array {
  const at = random.int(0, bytes.length)
  const some = Buffer.from(Array.from({ length: random.int(1, 8) }, () => random.int(0, 255)))
  return random.pick([
    () => bytes.subarray(0, at),
    () => bytes.subarray(at),
    () => Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes]),
    () => Buffer.from(bytes.toString('utf8'), 'utf16le'),
    () => Buffer.from(bytes.toString('utf8'), 'latin1'),
    () => {
      const flipped = Buffer.from(bytes)
      for (const byte of some) if (flipped.length > 0) flipped[byte % flipped.length] = random.int(0, 255)
      return flipped
    },
  ])()
}

function pack(random: SeededRandom, bytes: Uint8Array): HostileBody {
  const fast = { level: 1 }
  const [encoding, packed] = random.pick<() => [string, Uint8Array]>([
    () => ['gzip', gzipSync(bytes, fast)],
    () => ['GZIP , identity', gzipSync(bytes, fast)],
    () => ['deflate', deflateSync(bytes, fast)],
    () => ['deflate', deflateRawSync(bytes, fast)],
    () => ['gzip, gzip', gzipSync(gzipSync(bytes, fast), fast)],
    () => ['gzip', Buffer.concat([gzipSync(bytes, fast), gzipSync(bytes, fast)])],
    () => ['gzip', bytes],
    () => ['br', gzipSync(bytes, fast)],
    () => ['deflate', bytes],
    () => [random.pick(['zstd', 'constructor', 'gzip,gzip,gzip,gzip', 'x'.repeat(5_000), ',,']), bytes],
  ])()
  return { encoding, bytes: random.chance(0.3) ? damage(random, Buffer.from(packed)) : packed }
}

/** A few that are large, or become so. */
export const giants = (): readonly HostileBody[] => [
  { bytes: Buffer.from(`[{"type":"event","data":[${'{},'.repeat(100_000)}{}]}]`) },
  { bytes: Buffer.from(`[{"type":"event","data":[{"id":1,"list":[${'1,'.repeat(100_000)}1]}]}]`) },
  { bytes: Buffer.from(`[{"type":"event","data":[{"id":2,"description":"${'\\u0041'.repeat(500_000)}"}]}]`) },
  { bytes: Buffer.from(`[{"type":"event","data":[{"id":${'7'.repeat(1_000_000)}}]}]`) },
  { bytes: Buffer.from(`[${'{"type":"user","data":[]},'.repeat(60_000)}0]`) },
  {
    bytes: Buffer.from(
      `[{"type":"user","data":[${Array.from({ length: 20_000 }, (_, id) => `{"id":${id % 9}}`).join()}]}]`,
    ),
  },
  { bytes: Buffer.from('[],'.repeat(1_000_000)) },
  { encoding: 'gzip', bytes: gzipSync(`[${'[],'.repeat(4_000_000)}0]`) },
  { encoding: 'gzip', bytes: gzipSync(new Uint8Array(80_000_000)) },
  { encoding: 'gzip, gzip', bytes: gzipSync(gzipSync(new Uint8Array(80_000_000))) },
  { encoding: 'br', bytes: brotliCompressSync(new Uint8Array(80_000_000), { params: { 1: 5 } }) },
  { encoding: 'deflate', bytes: deflateSync(new Uint8Array(80_000_000)) },
]
