/** JSON as Bevy's bodies need it: nothing rounded, nothing dropped, nothing that could blow the stack. */

import { BridgeError } from '../errors.ts'
import { hashKey } from '../keys.ts'
import type { Json, JsonObject } from '../types.ts'

/** Arrays and objects inside each other; Bevy's own records have about 8. Whatever walks a record may recurse this far. */
export const MAX_DEPTH = 200

/**
 * Values in one body. Millions of tiny ones (64 MB of `[],`, a few kB when compressed) would take minutes and gigabytes to parse;
 * so many take a few seconds. A full body of Bevy's, 500 records, has some 50,000.
 */
export const MAX_VALUES = 1_000_000

/**
 * Parses JSON text. Integers beyond 2^53 become the string of their digits, numbers too big for a double the string they were
 * written as; `__proto__` is a key like any other. Throws a BridgeError of kind `record`, which never quotes the text:
 * `ERR_BODY_TOO_DEEP`, `ERR_BODY_TOO_MANY` (both before anything is parsed), `ERR_BODY_JSON`.
 */
export function parseExact(text: string): Json {
  refuseBeyond(text)
  try {
    return BIG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
  } catch (error) {
    // The parser's own message quotes the text, which may be a person's data: it is no `cause`.
    const at = /position (\d+)/.exec(String(error))?.[1]
    const where = at === undefined ? '' : ` (at character ${at} of ${text.length})`
    throw new BridgeError('record', 'ERR_BODY_JSON', text.trim() === '' ? 'the body is empty' : `not JSON${where}`)
  }
}

/** The same text for the same content: keys sorted, no white space. */
export function canonical(json: Json): string {
  return JSON.stringify(sortKeys(json))
}

/** 32 hex digits (128 bits of sha256) that are the same for the same content, whatever the order of keys. */
export function contentHash(data: JsonObject): string {
  return hashKey(canonical(data))
}

/** A sieve: all numbers it lets through are exact as doubles. What it holds back by mistake costs time only. */
const BIG_NUMBER = /\d{16}|\d[eE]\+?\d{3}/

// The third parameter: https://github.com/tc39/proposal-json-parse-with-source, in Node 22 and Bun 1.4.
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? String(value)
  return !Number.isFinite(value) || /^-?\d+$/.test(source) ? source : value
}

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [34, 92, 44, 91, 93, 123, 125]

/** Each value stands behind a comma or an opening bracket, the outermost one aside. */
function refuseBeyond(text: string): void {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at + 1)
    else if (code === COMMA) values++
    else if (code === OPEN || code === OPEN_OBJECT) {
      values++
      if (++depth > MAX_DEPTH) {
        throw unusable('ERR_BODY_TOO_DEEP', `arrays and objects are nested more than ${MAX_DEPTH} deep`)
      }
    } else if (code === CLOSE || code === CLOSE_OBJECT) depth--
    if (values > MAX_VALUES) throw unusable('ERR_BODY_TOO_MANY', `it holds more than ${MAX_VALUES} values`)
  }
}

function unusable(code: string, reason: string): BridgeError {
  return new BridgeError('record', code, reason)
}

function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

function sortKeys(json: Json): Json {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(sortKeys)
  const object = json as JsonObject
  const sorted: { [key: string]: Json } = {}
  for (const key of Object.keys(object).sort()) {
    const value = sortKeys(object[key] ?? null)
    // Assigning would set the prototype and lose the key.
    if (key === '__proto__') Object.defineProperty(sorted, key, { value, enumerable: true })
    else sorted[key] = value
  }
  return sorted
}
