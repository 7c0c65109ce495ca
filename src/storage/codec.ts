import { StoreError } from '../core/errors.ts'

// Fatal: bytes that are not UTF-8 are damage, not something to mend silently.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A document as bytes: JSON in UTF-8, nothing re-parsed or dropped on the way back (`__proto__` keys included).
 * Throws a StoreError `ERR_STORE_VALUE` for what JSON cannot say: undefined, a function, a BigInt, a cycle.
 */
export function encodeDocument(key: string, value: unknown): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new StoreError('ERR_STORE_VALUE', `the document for ${key} cannot be written as JSON`, { cause })
  }
  if (text === undefined) throw new StoreError('ERR_STORE_VALUE', `the document for ${key} has no JSON form`)
  return Buffer.from(text, 'utf8')
}

/** The document in these bytes. Throws a StoreError `ERR_STORE_DAMAGED` when they are not whole JSON. */
export function decodeDocument(key: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    // The parser's own message quotes the text, which may be a person's data: it is no `cause`.
    throw new StoreError(
      'ERR_STORE_DAMAGED',
      `what is stored under ${key} is not a whole JSON document: restore a backup of the data folder`,
    )
  }
}
