/**
 * Bevy in each of its readings against a bridge that is killed, restarted, out of disk and slow, in hours moved by hand. The same
 * with the real receiver, store and process: readings-bridge.test.ts and test/e2e/faults-readings.test.ts.
 */

import { describe, expect, it } from 'vitest'
import type { Player } from '../../src/core/bevy/play.ts'
import { createPlayer } from '../../src/core/bevy/player.ts'
import { DELAY_LAWS, READINGS, type Answer, type DelayLaw, type Reading } from '../../src/core/bevy/sending.ts'
import { DestinationError, StoreError } from '../../src/core/errors.ts'
import { delivered, retry, unknown, type Job, type Outcome } from '../../src/core/plugin-contract.ts'
import { createSeededRandom } from '../../src/core/seeded-random.ts'
import { createHandClock } from '../kit/clock.ts'
import { destination, route } from '../kit/dispatch-bench.ts'
import { startLife, type HandLife, type World } from '../kit/hand-life.ts'
import { expectAnswers, expectInOrder, revised, type Taken } from '../kit/readings.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Faults end by then: Bevy's last exponential retry comes after 42.5 hours. */
const TROUBLE = 18 * HOUR
const SEEDS = [1, 2, 3, 4]

interface Run {
  readonly player: Player
  readonly taken: Readonly<Record<'every' | 'latest', readonly Taken[]>>
  readonly answers: ReadonlyMap<string, number>
  readonly lives: number
}

async function play(reading: Reading, delays: DelayLaw, seed: number): Promise<Run> {
  const random = createSeededRandom(seed)
  const clock = createHandClock()
  const taken: { every: Taken[]; latest: Taken[] } = { every: [], latest: [] }
  const answers = new Map<string, number>()
  let life: HandLife | undefined
  let lives = 0
  let disk: 'well' | 'full' | 'slow' = 'well'
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.timer(ms, resolve))

  async function send(name: string, jobs: readonly Job[]): Promise<Outcome[]> {
    const sentBy = lives
    await sleep(random.pick([1, 20, 500, 20_000]))
    // A request of a life that was killed arrives before the next life begins or not at all.
    if (sentBy !== lives) return new Promise(() => {})
    if (random.chance(0.03)) throw new DestinationError('the token has expired')
    return jobs.map((job) => {
      if (random.chance(0.1)) return retry({ reason: 'busy' })
      taken[name as 'every' | 'latest'].push({ life: sentBy, id: job.id, key: job.key, data: job.data })
      return random.chance(0.05) ? unknown('no answer') : delivered()
    })
  }

  const world: World = {
    clock,
    disk: new Map(),
    destinations: [
      destination('every', { mode: 'every', concurrency: 3, batch: { size: 4, wait: 50 } }),
      destination('latest', { mode: 'latest', concurrency: 3 }),
    ],
    routes: [route('all', ['every', 'latest'])],
    random: random.next,
    send,
    async commit() {
      // Longer than Bevy waits for an answer, now and then.
      await sleep(disk === 'slow' ? random.pick([100, 5_000, 45_000]) : 1)
      if (disk === 'full' || (disk === 'slow' && random.chance(0.2))) throw new StoreError('ERR_STORE_FULL', 'full')
    },
  }

  const changes = revised(seed, { count: 24, changes: 3, within: 3 * HOUR, soon: 3_000, start: clock.now() })
  const bulk = random.chance(0.5)
  const player = createPlayer({ changes, bulk, reading, delays, concurrency: bulk ? 1 : 4, seed })

  let cancel = () => {}
  function pump(): void {
    cancel()
    const now = clock.monotonic()
    const { sends, wakeAt } = player.next(now)
    for (const { id, body } of sends) {
      const answering: Promise<Answer> = life?.post(body) ?? Promise.resolve({ failed: 'connect' })
      void answering.then((answer) => {
        const label = 'status' in answer ? String(answer.status) : answer.failed
        answers.set(label, (answers.get(label) ?? 0) + 1)
        player.answered(id, answer, clock.monotonic())
        pump()
      })
    }
    if (wakeAt !== undefined) cancel = clock.timer(wakeAt - now, pump)
  }

  async function start(): Promise<void> {
    lives++
    const starting = startLife(world)
    await clock.advance(5_000)
    life = await starting
  }

  await start()
  pump()
  // Less than a minute now and then, so that something is under way when the next one comes.
  const spell = () => random.pick([random.int(1, 60_000), random.int(1, 40) * MINUTE, random.int(1, 3) * HOUR])
  while (clock.monotonic() < TROUBLE) {
    await clock.advance(spell())
    disk = random.pick(['well', 'full', 'slow'])
    await clock.advance(spell())
    if (random.chance(0.6)) {
      if (random.chance(0.7)) life?.kill()
      else {
        let stopped = false
        void life?.stop().then(() => (stopped = true))
        while (!stopped) await clock.advance(10_000)
      }
      life = undefined
      if (random.chance(0.5)) await clock.advance(spell())
      disk = 'well'
      await start()
    }
    disk = random.pick(['well', disk])
  }
  disk = 'well'
  while (!player.next(clock.monotonic()).done) {
    pump()
    await clock.advance(HOUR)
  }
  // The longest wait of a destination for its retry is an hour.
  await clock.advance(12 * HOUR)
  life?.kill()
  return { player, taken, answers, lives }
}

const COMBINATIONS = READINGS.flatMap((reading) => DELAY_LAWS.map((law) => [reading, law] as const))

describe.each(COMBINATIONS.map(([reading, law], at) => [reading, law, at] as const))(
  'Bevy as %s, delays %s',
  (reading, law, at) => {
    it('ends with the same state everywhere, and nothing older after something newer', async () => {
      const seen = { lives: 0, repeats: 0, refused: 0 }
      // While every answer is 200 or none, the readings differ in nothing: so each has histories of its own.
      for (const seed of SEEDS.map((number) => 100 * at + number)) {
        const { player, taken, answers, lives } = await play(reading, law, seed)
        expect([seed, player.givenUp()]).toEqual([seed, []])
        expectAnswers(answers)
        seen.repeats += expectInOrder(taken.every, player, 'every', seed)
        expectInOrder(taken.latest, player, 'latest', seed)
        seen.lives += lives
        seen.refused += (answers.get('reset') ?? 0) + (answers.get('connect') ?? 0)
      }
      // The trouble was real.
      expect(Math.min(seen.lives / SEEDS.length, seen.refused / SEEDS.length, seen.repeats)).toBeGreaterThan(3)
    })
  },
)
