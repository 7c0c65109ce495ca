import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BridgeError, coerceError, DestinationError, isBridgeError, StoreError } from '../../src/core/errors.ts'

const root = resolve(import.meta.dirname, '../..')
/** Codes of Node and zlib that are read, not thrown, and families named in comments. */
const FOREIGN = /^ERR_(BUFFER_TOO_LARGE|ENCODING|STREAM_PREMATURE_CLOSE|UPPER_SNAKE|HTTP_REQUEST_TIMEOUT)$/

describe('error codes', () => {
  it('are all explained in docs/errors.md, and it explains no others', () => {
    const files = ['src', 'plugins'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !/test\.ts$|fake\.ts$/.test(name))
        .map((name) => readFileSync(join(root, folder, name), 'utf8')),
    )
    const codes = (text: string, pattern: RegExp): string[] =>
      [...text.matchAll(pattern)].map((match) => match[1] ?? '')
    const used = new Set(files.flatMap((text) => codes(text, /['"`](ERR_[A-Z][A-Z0-9_]*[A-Z0-9])['"`]/g)))
    const explained = new Set(codes(readFileSync(join(root, 'docs/errors.md'), 'utf8'), /`(ERR_[A-Z0-9_]+)`/g))
    expect([...used].filter((code) => !explained.has(code) && !FOREIGN.test(code))).toEqual([])
    expect([...explained].filter((code) => !used.has(code))).toEqual([])
  })

  it('are recognised by a brand, whichever copy of the module made them', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('bevy-bridge.error')]: true,
      kind: 'store',
      code: 'ERR_X',
    })
    expect(isBridgeError(foreign, 'store')).toBe(true)
    expect(isBridgeError(foreign, 'config')).toBe(false)
    expect(isBridgeError(new DestinationError('gone'), 'destination')).toBe(true)
    expect(isBridgeError(new Error('x'))).toBe(false)
    expect(isBridgeError(null)).toBe(false)
  })

  it('keep kind, code and cause', () => {
    const cause = new Error('disk')
    expect(new StoreError('ERR_STORE_IO', 'failed', { cause })).toMatchObject({
      kind: 'store',
      code: 'ERR_STORE_IO',
      cause,
    })
    expect(new BridgeError('config', 'ERR_X', 'y')).toBeInstanceOf(Error)
  })

  it('whatever was thrown becomes an Error', () => {
    expect(coerceError('text').message).toBe('text')
    expect(coerceError({ odd: 1 })).toMatchObject({ cause: { odd: 1 } })
    const error = new Error('x')
    expect(coerceError(error)).toBe(error)
  })
})
