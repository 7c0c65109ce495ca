/** From the bytes of a delivery to text. */

import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { BridgeError } from '../core/errors.ts'

type Inflate = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>

// These run in the thread pool, off the main thread.
const inflaters: Readonly<Record<string, Inflate>> = {
  gzip: promisify<Uint8Array, object, Uint8Array>(gunzip),
  'x-gzip': promisify<Uint8Array, object, Uint8Array>(gunzip),
  deflate: inflateEither,
  br: promisify<Uint8Array, object, Uint8Array>(brotliDecompress),
}

const MAX_ENCODINGS = 3

/**
 * Undoes the content encodings (`gzip`, `deflate`, `br`, several in a row) and decodes UTF-8, a BOM tolerated. At most `limit` bytes
 * come out of them, whatever the ratio; a plain body is as large as the receiver let it be. Throws a BridgeError of kind `record`: `ERR_BODY_ENCODING`, `ERR_BODY_INFLATE`,
 * `ERR_BODY_TOO_BIG`, `ERR_BODY_UTF8`.
 */
export async function toText(bytes: Uint8Array, encoding: string | undefined, limit: number): Promise<string> {
  const encodings = (encoding ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (encodings.length > MAX_ENCODINGS) throw unusable('ERR_BODY_ENCODING', 'it is compressed too many times')
  let plain = bytes
  for (const name of encodings.toReversed()) plain = await undo(plain, name, limit)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(plain)
  } catch (cause) {
    throw unusable('ERR_BODY_UTF8', 'its text is not UTF-8', cause)
  }
}

async function undo(bytes: Uint8Array, name: string, limit: number): Promise<Uint8Array> {
  const inflater = Object.hasOwn(inflaters, name) ? inflaters[name] : undefined
  if (inflater === undefined) throw unusable('ERR_BODY_ENCODING', 'its content encoding is not gzip, deflate or br')
  try {
    return await inflater(bytes, { maxOutputLength: limit })
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooBig(limit)
    throw unusable('ERR_BODY_INFLATE', `its ${name} data is damaged`, cause)
  }
}

/** `deflate` is zlib data by the book and raw deflate data in the wild. https://www.rfc-editor.org/rfc/rfc9110#name-deflate-coding */
function inflateEither(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Promise<Uint8Array> {
  const [first = 0, second = 0] = bytes
  const isZlib = (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
  return promisify<Uint8Array, object, Uint8Array>(isZlib ? inflate : inflateRaw)(bytes, options)
}

function tooBig(limit: number): BridgeError {
  return unusable('ERR_BODY_TOO_BIG', `it inflates to more than ${limit} bytes`)
}

function unusable(code: string, reason: string, cause?: unknown): BridgeError {
  return new BridgeError('record', code, reason, { cause })
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
