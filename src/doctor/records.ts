import { gunzipSync } from 'node:zlib'
import type { SeenRecord } from '../core/bevy/evidence.ts'
import { splitBody } from '../core/records/bodies.ts'
import { contentHash, parseExact } from '../core/records/exact-json.ts'
import { hashKey } from '../core/keys.ts'

/** A body as it came. */
export interface RawBody {
  readonly bytes: Uint8Array
  /** Lower-case Content-Encoding. */
  readonly encoding?: string | undefined
  /** Sent by `bevy-bridge simulate`: says nothing of Bevy. */
  readonly simulated: boolean
}

/** A record as it is known here, with its key for people. */
export type NamedRecord = SeenRecord & { readonly name: string }

/** Larger bodies are not looked into. */
const LARGEST = 2_000_000
const SHORT = 16

/** The records of a body, hashed; none where it is too large or cannot be read. */
export function recordsOf({ bytes, encoding }: Pick<RawBody, 'bytes' | 'encoding'>): NamedRecord[] {
  if (bytes.byteLength > LARGEST || (encoding !== undefined && encoding !== 'gzip')) return []
  try {
    const plain = encoding === 'gzip' ? gunzipSync(bytes, { maxOutputLength: LARGEST }) : bytes
    const split = splitBody(parseExact(new TextDecoder('utf-8', { fatal: true }).decode(plain)))
    if (split.state === 'unusable') return []
    return split.items.flatMap((item) =>
      item.state === 'record' ? [toSeen(item.record.key, contentHash(item.record.data))] : [],
    )
  } catch {
    // What cannot be read is not known again either.
    return []
  }
}

/** The same of a record that is indexed. */
export function toSeen(key: string, hash: string): NamedRecord {
  return { name: key, key: hashKey(key).slice(0, SHORT), content: hash.slice(0, SHORT) }
}
