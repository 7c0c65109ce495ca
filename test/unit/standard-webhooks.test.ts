import { generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { parseSigningKey, signWebhook, type SigningKey } from '../../src/core/standard-webhooks.ts'

const key = (text: string): SigningKey => {
  const parsed = parseSigningKey(text)
  if (typeof parsed === 'string') throw new Error(parsed)
  return parsed
}

describe('signature', () => {
  // The example of the specification's own libraries.
  it('gives the known signature for the known message', () => {
    const signature = signWebhook(
      [key('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    )
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is the same as the official package makes, for any secret and body', () => {
    const secret = fc
      .uint8Array({ minLength: 24, maxLength: 64 })
      .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`)
    const text = fc.string({ unit: 'grapheme', maxLength: 300 })
    fc.assert(
      fc.property(secret, text, fc.integer({ min: 1, max: 2_000_000_000 }), (given, body, timestamp) => {
        const official = new Webhook(given).sign('id_1', new Date(timestamp * 1000), body)
        expect(signWebhook([key(given)], 'id_1', timestamp, body)).toBe(official)
      }),
    )
  })

  it('passes the official verification, with the old and the new secret alike', () => {
    const [old, fresh] = ['old', 'new'].map((name) => `whsec_${Buffer.from(name.repeat(10)).toString('base64')}`) as [
      string,
      string,
    ]
    const body = '{"é":"☃"}'
    const timestamp = Math.floor(Date.now() / 1000)
    const signature = signWebhook([key(fresh), key(old)], 'store_relay_1-1', timestamp, body)
    const headers = {
      'webhook-id': 'store_relay_1-1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
    }
    for (const secret of [old, fresh]) expect(new Webhook(secret).verify(body, headers)).toEqual({ é: '☃' })
    expect(() => new Webhook(old).verify(`${body} `, headers)).toThrow('No matching signature')
    expect(signature.split(' ')).toHaveLength(2)
  })

  it.each([32, 64])('reads an Ed25519 key of %i bytes', (length) => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
    const bytes = Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]).subarray(0, length)
    const parsed = key(`whsk_${bytes.toString('base64')}`)
    expect(parsed.scheme === 'v1a' && parsed.privateKey.equals(privateKey)).toBe(true)
  })

  it.each([
    ['', 'must begin with'],
    ['secret', 'must begin with'],
    ['WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'must begin with'],
    ['whsec_', 'holds 0 bytes'],
    ['whsec_c2hvcnQ=', 'holds 5 bytes'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La_-Sw', 'is not base64'],
    ['whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'must begin with'],
    ['whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'has 32 or 64'],
  ])('says what is wrong with "%s", and does not quote it', (text, problem) => {
    const said = parseSigningKey(text)
    expect(said).toContain(problem)
    expect(said).not.toContain(text.slice(7) || '\0')
  })
})
