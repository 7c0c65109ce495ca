/** Bevy in each of its readings against the whole bridge over real HTTP and SQLite, its disk failing, its process started anew. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { afterEach, expect, it } from 'vitest'
import { startFakeReceiver, type FakeReceiver } from '../../plugins/webhook/fake.ts'
import type { DelayLaw, Reading } from '../../src/core/bevy/sending.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { createSeededRandom } from '../../src/core/seeded-random.ts'
import { expectAnswers, expectInOrder, isComplete, playInRealTime, revised, type Taken } from '../kit/readings.ts'
import { createFaults } from '../kit/storage-faults.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { closeWholeBridges, openWhole, SECRET, type WholeBridge } from '../kit/faulty-bridge.ts'

const folders = useTemporaryFolders()
afterEach(closeWholeBridges)

/** Ten minutes of Bevy are 20 ms. */
const SPEED = 30_000

function toTaken(requests: FakeReceiver['taken'], lives: readonly number[]): Taken[] {
  return requests.map(({ id, json }, at) => {
    const [{ type, data: [data] = [] } = { type: '' }] = json as { type: string; data: JsonObject[] }[]
    return { life: lives[at] ?? 0, id, key: `${type}:${String(data?.['id'])}`, data: data ?? {} }
  })
}

async function play(reading: Reading, delays: DelayLaw, bulk: boolean): Promise<number> {
  const seed = reading.charCodeAt(1)
  const random = createSeededRandom(seed)
  await using every = await startFakeReceiver()
  await using latest = await startFakeReceiver()
  const sentBy = { every: [] as number[], latest: [] as number[] }
  let lives = 0
  for (const [name, fake] of Object.entries({ every, latest })) {
    fake.fallback = () => {
      sentBy[name as 'every' | 'latest'].push(lives)
      // Taken, but the answer is lost: it comes again.
      if (random.chance(0.05)) return { status: 503 }
      return { status: 200, delay: random.pick([0, 0, 0, 15]) }
    }
  }
  const folder = folders()
  const faults = createFaults()
  const retry = { delay: '5ms', maxDelay: '20ms' }
  const relay = (fake: FakeReceiver, mode: string) => ({
    plugin: 'webhook',
    mode,
    retry,
    options: { url: `${fake.url}/in`, body: 'bevy', allowPrivateNetworks: true },
  })
  const columns = { type: 'type', id: 'record.id', rev: 'record.rev' }
  const config = {
    destinations: {
      every: relay(every, 'every'),
      latest: relay(latest, 'latest'),
      export: { plugin: 'csv', batch: { wait: '20ms' }, options: { path: 'all.csv', columns } },
    },
    routes: [{ name: 'everything', to: ['every', 'latest', 'export'] }],
  }
  let now: WholeBridge | undefined
  const start = async () => {
    lives++
    now = await openWhole(folder, config, { faults })
  }
  await start()
  const changes = revised(seed, { count: 40, changes: 2, within: 4 * 3_600_000, soon: 300_000, start: Date.now() })
  const playing = playInRealTime({
    changes,
    reading,
    delays,
    bulk,
    seed,
    speed: SPEED,
    secret: SECRET,
    url: () => now?.url,
  })

  for (const [step, effect] of [
    ['write', 'io'],
    ['commit', 'full'],
    ['open', 'io'],
    ['commit', 'io'],
  ] as const) {
    await wait(random.int(20, 80))
    // A fault at opening shows only after another one.
    if (step === 'open') faults.arm('commit', 'exit')
    else faults.arm(step, effect, { always: true })
    await wait(random.int(30, 90))
    if (step === 'open') faults.arm('open', effect, { always: true })
    await wait(random.int(30, 90))
    faults.disarm()
    faults.slow(40)
    await wait(random.int(50, 120))
    faults.slow(0)
  }
  const closing = now?.close()
  now = undefined
  await closing
  await start()

  const { player, answers } = await playing
  expectAnswers(answers)
  expect(player.givenUp().length).toBeLessThan(20)
  for (const [fake, mode] of [
    [every, 'every'],
    [latest, 'latest'],
  ] as const) {
    while (!isComplete(toTaken(fake.taken, sentBy[mode]), player)) await fake.takes(fake.taken.length + 1)
    expectInOrder(toTaken(fake.taken, sentBy[mode]), player, mode, reading)
    expect(fake.problems).toEqual([])
  }
  const sent = toTaken(every.taken, []).map(({ key, data }) => `${key} ${String(data['rev'])}`)
  const rows = (): string[] =>
    parse<Record<string, string>>(readFileSync(join(folder, 'all.csv')), { columns: true }).map(
      ({ type, id, rev }) => `${type}:${id} ${rev}`,
    )
  while (new Set(rows()).size < new Set(sent).size) await wait(10)
  await (now as WholeBridge | undefined)?.close()
  // Each state once, whatever became of the store in between.
  expect(rows().toSorted()).toEqual([...new Set(sent)].toSorted())
  return answers.get('reset') ?? 0
}

it('ends with the same state everywhere under each reading and each law of delays', async () => {
  // At once: they mostly wait.
  const refused = await Promise.all([
    play('R1', 'literal', false),
    play('R2', 'exponential', true),
    play('R3', 'linear', false),
  ])
  expect(refused.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(5)
})
