import { hash, timingSafeEqual } from 'node:crypto'

/** What was found of the secret in a request's headers. */
export type SecretFinding =
  | { readonly state: 'right' }
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
  let right = false
  for (const [name, value] of pairs(rawHeaders)) {
    if (name.toLowerCase() !== wanted) continue
    came = true
    if (isAccepted(value, digests)) right = true
  }
  if (right) return { state: 'right' }
  return findElsewhere(rawHeaders, digests) ?? { state: came ? 'wrong' : 'none' }
}

function findElsewhere(rawHeaders: readonly string[], digests: readonly Buffer[]): SecretFinding | undefined {
  let found: SecretFinding | undefined
  for (const [name, value] of pairs(rawHeaders)) {
    const words = value.split(' ')
    if (isAccepted(value, digests)) found ??= { state: 'elsewhere', header: name, prefixed: false }
    else if (words.length > 1 && isAccepted(words.at(-1) ?? '', digests)) {
      found ??= { state: 'elsewhere', header: name, prefixed: true }
    }
  }
  return found
}

function isAccepted(value: string, digests: readonly Buffer[]): boolean {
  // Header values arrive as one character per byte, whatever encoding the sender used.
  const digest = digestOf(Buffer.from(value, 'latin1'))
  let equal = false
  for (const other of digests) equal = timingSafeEqual(digest, other) || equal
  return equal
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
