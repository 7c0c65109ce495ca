/**
 * Keys of the store: `a:b:c` of our own characters only, so that every driver keeps them as they are and lists them in order.
 * Hashing is `node:crypto` used as a pure function: same text in, same key out.
 */

import { hash } from 'node:crypto'

const KEY = /^[a-z0-9_-][a-z0-9_.-]*(?::[a-z0-9_-][a-z0-9_.-]*)*$/
const MAX_KEY = 250
const BUCKET = 1000
const BUCKET_WIDTH = 10
const SEQ_WIDTH = 13
const MAX_SEQ = 10 ** SEQ_WIDTH - 1

/**
 * True for a key the store takes: segments of `[a-z0-9_.-]` joined by single colons, none empty, none starting with a dot,
 * no `..`, at most 250 characters. A key must never be the prefix of another at a colon (`a` and `a:b`): on a file system
 * that is a file and a folder of one name.
 */
export function isKey(text: string): boolean {
  return text.length <= MAX_KEY && KEY.test(text) && !text.includes('..')
}

/** A key segment for text from outside: the first 32 hex digits (128 bits) of its sha256. */
export function hashKey(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}

/** The bucket a delivery number falls into: 1,000 numbers share one. */
export function bucketOf(seq: number): number {
  return Math.floor(seq / BUCKET)
}

/** Prefix of all keys of one bucket, without a trailing colon: `journal:0000000012`. */
export function bucketPrefix(prefix: string, bucket: number): string {
  return `${prefix}:${digits(bucket, BUCKET_WIDTH)}`
}

/**
 * Key of something that belongs to one delivery: `<prefix>:<bucket>:<seq>`, zero-padded to 10 and 13 digits, so that the order of
 * keys is the order of numbers. Throws a RangeError for what is not a whole number from 0 to 9,999,999,999,999.
 */
export function seqKey(prefix: string, seq: number): string {
  return `${bucketPrefix(prefix, bucketOf(seq))}:${digits(seq, SEQ_WIDTH)}`
}

/** The delivery number in a key made by `seqKey`; undefined for any other key. */
export function seqOfKey(key: string): number | undefined {
  const last = key.slice(key.lastIndexOf(':') + 1)
  return last.length === SEQ_WIDTH && /^\d+$/.test(last) ? Number(last) : undefined
}

function digits(value: number, width: number): string {
  if (!Number.isInteger(value) || value < 0 || value > MAX_SEQ) throw new RangeError(`not a delivery number: ${value}`)
  return String(value).padStart(width, '0')
}
