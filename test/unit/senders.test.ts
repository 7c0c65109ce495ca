import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSender } from '../../src/app/senders.ts'
import { systemClock } from '../../src/clock.ts'
import { definePlugin, type Sender } from '../../src/core/plugin-contract.ts'
import type { Settings } from '../../src/core/settings.ts'
import { createPace } from '../../src/http/pace.ts'
import { createTestState } from '../../src/testing.ts'
import { destination } from '../kit/dispatch-bench.ts'
import { createMemoryLog } from '../kit/log.ts'

/** As an author may write it: an instance whose methods need their `this`. */
class Whole implements Required<Sender> {
  readonly #word = 'well'
  readonly closed: string[] = []
  async send() {
    return [{ state: 'skip', reason: this.#word } as const]
  }
  async check() {
    return [this.#word]
  }
  bucket() {
    return this.#word
  }
  lane() {
    return this.#word
  }
  preview() {
    return [{ word: this.#word }]
  }
  async erase() {
    return { state: 'skip', reason: this.#word } as const
  }
  async close() {
    this.closed.push(this.#word)
  }
}

const deps = {
  storeId: 'teststore000',
  version: '0',
  clock: systemClock,
  log: createMemoryLog(),
  settings: () => ({ baseDir: '/', timezone: 'UTC', secretValues: [] }) as unknown as Settings,
  paceOf: () => createPace({ rate: undefined, bucketRate: undefined }, systemClock),
}
const senderOf = (sender: Sender) => {
  const plugin = definePlugin({ name: 'whole', options: z.strictObject({}), create: () => sender })
  return createSender(destination('one', { mode: 'every', plugin }), createTestState(), deps)
}

describe('the sender of a destination', () => {
  it('has every method of the plugin’s, each with its own this', async () => {
    const whole = new Whole()
    const sender = (await senderOf(whole)) as Required<Sender>
    const signal = new AbortController().signal
    expect(await sender.send([], { number: 1, signal, idempotencyKey: 'x' })).toEqual([
      { state: 'skip', reason: 'well' },
    ])
    expect(await sender.check(signal)).toEqual(['well'])
    const person = { id: 'e1', users: ['4'], emails: [], names: [], records: [], positions: [], exports: false }
    const attempt = { number: 1, signal, idempotencyKey: 'e1' }
    expect(await sender.erase(person, attempt)).toEqual({ state: 'skip', reason: 'well' })
    expect(await sender.preview([])).toEqual([{ word: 'well' }])
    const job = {} as Parameters<Required<Sender>['lane']>[0]
    expect([sender.bucket(job), sender.lane(job)]).toEqual(['well', 'well'])
    await sender.close()
    expect(whole.closed).toEqual(['well'])
  })

  it('lacks what the plugin’s lacks: absence is a missing ability', async () => {
    const sender = await senderOf({ async send() {} })
    expect([sender.check, sender.preview, sender.bucket, sender.lane]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    await sender.close?.()
  })
})
