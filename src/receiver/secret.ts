import { hash, timingSafeEqual } from 'node:crypto'

/** What was found of the secret in a request's headers. */
export type SecretFinding =
  /** `place`: which one, from 0, empty ones left out. */
  | { readonly state: 'right'; readonly place: number }
  /** The configured header came, with a value that is no secret of ours. */
  | { readonly state: 'wrong' }
  /** The configured header did not come. */
  | { readonly state: 'none' }
  /** A right secret stood elsewhere: under another header's name, or (`prefixed`) behind another word such as `Bearer`. */
  | { readonly state: 'elsewhere'; readonly header: string; readonly prefixed: boolean }

/**
 * Looks for an accepted secret in the headers (name, value, name, value … as received). The comparison takes the same time
 * whatever the value: both sides are hashed, and every secret is compared.
 */
export function findSecret(
  rawHeaders: readonly string[],
  headerName: string,
  secrets: readonly string[],
): SecretFinding {
  const digests = digestsOf(secrets)
  const wanted = headerName.toLowerCase()
  let came = false
  let place = -1
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue
    came = true
    const found = placeOf(rawHeaders[at + 1] as string, digests)
    if (found >= 0) place = found
  }
  if (place >= 0) return { state: 'right', place }
  return findElsewhere(rawHeaders, digests) ?? { state: came ? 'wrong' : 'none' }
}

function findElsewhere(rawHeaders: readonly string[], digests: readonly Buffer[]): SecretFinding | undefined {
  let found: SecretFinding | undefined
  for (const [name, value] of pairs(rawHeaders)) {
    const words = value.split(' ')
    if (placeOf(value, digests) >= 0) found ??= { state: 'elsewhere', header: name, prefixed: false }
    else if (words.length > 1 && placeOf(words.at(-1) ?? '', digests) >= 0) {
      found ??= { state: 'elsewhere', header: name, prefixed: true }
    }
  }
  return found
}

/** Which of the secrets it is; -1 for none. */
function placeOf(value: string, digests: readonly Buffer[]): number {
  // Header values arrive as one character per byte, whatever encoding the sender used.
  const digest = digestOf(Buffer.from(value, 'latin1'))
  let place = -1
  for (let at = 0; at < digests.length; at++) if (timingSafeEqual(digest, digests[at] as Buffer)) place = at
  return place
}

// A list stays the same from request to request.
const known = new WeakMap<readonly string[], readonly Buffer[]>()

function digestsOf(secrets: readonly string[]): readonly Buffer[] {
  let digests = known.get(secrets)
  if (digests === undefined) {
    digests = secrets.filter((secret) => secret.length > 0).map((secret) => digestOf(Buffer.from(secret, 'utf8')))
    known.set(secrets, digests)
  }
  return digests
}

function digestOf(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer')
}

function* pairs(rawHeaders: readonly string[]): Generator<readonly [string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) yield [rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']
}
