/** One journal entry: a JSON header line, then the body as received. */

import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { StoreError } from '../core/errors.ts'
import type { NewDelivery, StoredDelivery } from '../core/ports.ts'

const NEWLINE = 10
/** The header is our own and short; what has no line end by here is none. */
export const MAX_HEADER = 4096
/** Characters kept of what the sender's headers say; longer than any media type or list of encodings, it is of no use. */
const MAX_FACT = 200

const position = z.object({ seq: z.number().int().nonnegative(), n: z.number().int().nonnegative() })

const header = z.object({
  v: z.literal(1),
  seq: z.number().int().positive(),
  receivedAt: z.number(),
  encoding: z.string().optional(),
  contentType: z.string().optional(),
  asOf: position.optional(),
  seed: z.literal(true).optional(),
  length: z.number().int().nonnegative(),
  crc32: z.number().int().nonnegative(),
})

const decoder = new TextDecoder('utf-8', { fatal: true })

/** A delivery with what came from outside in its header cut to what fits one. */
export function bounded(delivery: NewDelivery): NewDelivery {
  const { encoding, contentType } = delivery
  if ((encoding?.length ?? 0) <= MAX_FACT && (contentType?.length ?? 0) <= MAX_FACT) return delivery
  return {
    ...delivery,
    ...(encoding === undefined ? {} : { encoding: encoding.slice(0, MAX_FACT) }),
    ...(contentType === undefined ? {} : { contentType: contentType.slice(0, MAX_FACT) }),
  }
}

/** A `bounded` delivery as the bytes kept under its key; the length and checksum of the body stand in the header. */
export function encodeEntry(seq: number, delivery: NewDelivery): Uint8Array {
  const { bytes, receivedAt, encoding, contentType, asOf, seed } = delivery
  const facts: z.infer<typeof header> = { v: 1, seq, receivedAt, length: bytes.byteLength, crc32: crc32(bytes) }
  const line = `${JSON.stringify({ ...facts, encoding, contentType, asOf, seed })}\n`
  const length = Buffer.byteLength(line)
  const entry = Buffer.allocUnsafe(length + bytes.byteLength)
  entry.write(line)
  entry.set(bytes, length)
  return new Uint8Array(entry.buffer, entry.byteOffset, entry.byteLength)
}

/** When the delivery was received whose entry begins with these bytes, as many as a header can have. Throws `ERR_JOURNAL_DAMAGED`. */
export function receivedAtOf(seq: number, start: Uint8Array): number {
  const end = start.indexOf(NEWLINE)
  if (end < 0) throw damaged(seq, 'has no header')
  return readHeader(seq, start.subarray(0, end)).receivedAt
}

/** The delivery in these bytes. Throws a StoreError `ERR_JOURNAL_DAMAGED` when they are not what was written for this `seq`. */
export function decodeEntry(seq: number, entry: Uint8Array): StoredDelivery {
  const end = entry.subarray(0, MAX_HEADER).indexOf(NEWLINE)
  if (end < 0) throw damaged(seq, 'has no header')
  const { v: _, length, crc32: checksum, ...facts } = readHeader(seq, entry.subarray(0, end))
  const bytes = entry.subarray(end + 1)
  if (facts.seq !== seq) throw damaged(seq, `is the one of delivery ${facts.seq}`)
  if (bytes.byteLength !== length) throw damaged(seq, `has ${bytes.byteLength} bytes of ${length}`)
  if (crc32(bytes) !== checksum) throw damaged(seq, 'does not match its checksum')
  const { encoding, contentType, asOf, seed } = facts
  return {
    seq,
    bytes,
    receivedAt: facts.receivedAt,
    ...(encoding === undefined ? {} : { encoding }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(asOf === undefined ? {} : { asOf }),
    ...(seed === undefined ? {} : { seed }),
  }
}

function readHeader(seq: number, line: Uint8Array): z.infer<typeof header> {
  try {
    return header.parse(JSON.parse(decoder.decode(line)))
  } catch (cause) {
    throw damaged(seq, 'has a header that cannot be read', cause)
  }
}

function damaged(seq: number, what: string, cause?: unknown): StoreError {
  const message = `the journal entry of delivery ${seq} ${what}: restore a backup, or skip the delivery by hand`
  return new StoreError('ERR_JOURNAL_DAMAGED', message, { cause })
}
