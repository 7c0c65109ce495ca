import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { loadPair, watchPair, type Pair } from '../../src/receiver/tls.ts'
import { createHandClock } from '../kit/clock.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { OTHER_CERT, OTHER_KEY } from '../kit/tls-other.ts'
import { TEST_CERT, TEST_KEY } from '../kit/tls.ts'

const folder = useTemporaryFolders()

function files(cert = TEST_CERT, key = TEST_KEY) {
  const at = folder()
  const pair = { cert: join(at, 'cert.pem'), key: join(at, 'key.pem') }
  writeFileSync(pair.cert, cert)
  writeFileSync(pair.key, key)
  return pair
}

const badPair = expect.objectContaining({ kind: 'config', code: 'ERR_RECEIVER_TLS' })

describe('loadPair', () => {
  it('takes a certificate with its key', async () => {
    expect(String((await loadPair(files())).cert)).toBe(TEST_CERT)
  })

  it('refuses a key that does not fit, what is no certificate, and files that are missing', async () => {
    await expect(loadPair(files(TEST_CERT, OTHER_KEY))).rejects.toEqual(badPair)
    await expect(loadPair(files('nothing'))).rejects.toEqual(badPair)
    await expect(loadPair({ cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' })).rejects.toEqual(badPair)
  })
})

describe('watchPair', () => {
  it('gives each new good pair once, and tells each bad state once', async () => {
    const clock = createHandClock()
    const paths = files()
    const taken: string[] = []
    const errors: unknown[] = []
    const stop = watchPair(paths, await loadPair(paths), {
      clock,
      interval: 10,
      onPair: (pair: Pair) => void taken.push(String(pair.cert)),
      onError: (error) => void errors.push(error),
    })
    // Reading is real, so a look has ended when the next one is set.
    const look = async () => {
      await clock.advance(10)
      await vi.waitFor(() => expect(clock.next()).toBeDefined())
    }
    await look()
    expect([taken.length, errors.length]).toEqual([0, 0])

    writeFileSync(paths.cert, OTHER_CERT)
    await look()
    await look()
    expect([taken.length, errors]).toEqual([0, [badPair]])

    writeFileSync(paths.key, OTHER_KEY)
    await look()
    await look()
    expect([taken, errors.length]).toEqual([[OTHER_CERT], 1])

    rmSync(paths.key)
    await look()
    await look()
    expect([taken.length, errors]).toEqual([1, [badPair, badPair]])

    writeFileSync(paths.key, TEST_KEY)
    writeFileSync(paths.cert, TEST_CERT)
    await look()
    expect(taken).toEqual([OTHER_CERT, TEST_CERT])

    stop()
    expect(clock.next()).toBeUndefined()
  })
})
