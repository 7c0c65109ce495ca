/** Signatures of Standard Webhooks: for webhooks of the bridge, whoever sends them. */

import { createHmac, createPrivateKey, sign, type KeyObject } from 'node:crypto'

/** A key that signs. */
export type SigningKey =
  | { readonly scheme: 'v1'; readonly secret: Buffer }
  | { readonly scheme: 'v1a'; readonly privateKey: KeyObject }

/** A PKCS #8 Ed25519 key is these bytes, then its 32 byte seed (https://www.rfc-editor.org/rfc/rfc8410#section-7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/**
 * Reads a secret of Standard Webhooks: `whsec_` and base64 of 16 to 128 bytes (`v1`, HMAC-SHA256), or `whsk_` and base64 of an
 * Ed25519 key, its 32 byte seed alone or with its public key behind it (`v1a`). Gives what is wrong with it otherwise, without
 * quoting it.
 */
export function parseSigningKey(text: string): SigningKey | string {
  const prefix = /^(?:whsec_|whsk_)/.exec(text)?.[0]
  if (prefix === undefined) return 'must begin with whsec_ (v1) or whsk_ (v1a)'
  const encoded = text.slice(prefix.length)
  if (!BASE64.test(encoded)) return `is not base64 after ${prefix}`
  const bytes = Buffer.from(encoded, 'base64')
  if (prefix === 'whsec_') {
    if (bytes.length < 16 || bytes.length > 128)
      return `holds ${bytes.length} bytes; 16 to 128 are allowed, 24 to 64 advised`
    return { scheme: 'v1', secret: bytes }
  }
  if (bytes.length !== 32 && bytes.length !== 64) return `holds ${bytes.length} bytes; an Ed25519 key has 32 or 64`
  const der = Buffer.concat([PKCS8_ED25519, bytes.subarray(0, 32)])
  return { scheme: 'v1a', privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) }
}

/**
 * The value of `webhook-signature`: one signature per key, a space between
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 *
 * @param timestamp of this attempt, whole seconds since 1970
 */
export function signWebhook(keys: readonly SigningKey[], id: string, timestamp: number, body: string): string {
  const content = Buffer.from(`${id}.${timestamp}.${body}`, 'utf8')
  const signOne = (key: SigningKey): string => {
    if (key.scheme === 'v1a') return `v1a,${sign(null, content, key.privateKey).toString('base64')}`
    return `v1,${createHmac('sha256', key.secret).update(content).digest('base64')}`
  }
  return keys.map(signOne).join(' ')
}
