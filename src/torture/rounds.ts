/** Lives of the bridge, one after the other, each with the faults its round has in store. */

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../core/ports.ts'
import type { Round, Span } from '../core/torture/plan.ts'
import type { Happened } from '../core/torture/report.ts'
import type { Bevy } from './bevy.ts'
import { DISK_FULL, type KillAt } from './faults.ts'
import type { Life } from './life.ts'
import type { Moods } from './moods.ts'

/** What the rounds have to do with. */
export interface Ground {
  readonly folder: string
  readonly clock: Clock
  /** Ends the run early. */
  readonly signal: AbortSignal
  readonly bevy: Bevy
  readonly moods: Moods
  /** Starts a life; its number goes into where it sends. */
  start(life: number, killAt: KillAt | undefined): Promise<Life>
  /** Where deliveries go from now on. */
  open(url: string | undefined): void
  /** Changes the config of the life that runs. */
  reload(life: number): Promise<void>
  /** A life has ended. */
  ended(life: number): Promise<void>
}

const READY_WITHIN = 60_000
const STOP_WITHIN = 12_000
const AFTER_FULL_START = 300

/** Runs all rounds, or those until the signal or the first failure. */
export async function runRounds(rounds: readonly Round[], ground: Ground): Promise<Happened> {
  const { clock, signal, folder, moods } = ground
  const happened = {
    lives: 0,
    kills: 0,
    killsAtCommit: 0,
    stops: 0,
    fullStarts: 0,
    diskFull: 0,
    outages: 0,
    reloads: 0,
  }
  const failures: string[] = []
  const full = join(folder, DISK_FULL)
  let isFull = false
  /** The life that runs; a late timer of one before it must not change its config. */
  let current = 0
  let reloading = Promise.resolve()

  const { later, drop } = createTimers(clock, signal)
  const setFull = async (next: boolean): Promise<void> => {
    isFull = next
    await (next ? writeFile(full, '') : rm(full, { force: true }))
  }
  const span = ({ from, to }: Span, begin: () => void, end: () => void): void => {
    void later(from, begin).then(() => later(to - from, end))
  }

  const begin = (round: Round, life: Life): void => {
    const { diskFull, outage, reload, number } = round
    if (diskFull !== undefined) {
      happened.diskFull += 1
      span(
        diskFull,
        () => void setFull(true),
        () => void setFull(false),
      )
    }
    if (outage !== undefined) {
      happened.outages += 1
      span(
        outage,
        () => moods.setOutage(outage),
        () => moods.setOutage(undefined),
      )
    }
    if (reload !== undefined) {
      void later(reload, () => {
        if (current !== number) return
        happened.reloads += 1
        reloading = ground.reload(number).then(life.reload)
      })
    }
  }

  for (const round of rounds) {
    if (signal.aborted || failures.length > 0) break
    const { number, end } = round
    happened.lives += 1
    ground.bevy.begin(round)
    let wasFull = isFull
    const life = await ground.start(number, end.how === 'commit' ? end : undefined)
    const slow = clock.timer(READY_WITHIN, life.kill)
    const url = await life.ready
    slow()
    wasFull ||= isFull
    let byItself = true
    if (url !== undefined) {
      ground.open(url)
      current = number
      begin(round, life)
      byItself = await Promise.race([life.ended.then(() => true), later(round.length, () => {}).then(() => false)])
      if (end.how === 'stop') life.stop()
      else life.kill()
    }
    const late = clock.timer(STOP_WITHIN, life.kill)
    const how = await life.ended
    late()
    current = 0
    await reloading
    ground.open(undefined)
    await ground.ended(number)
    // Whoever interrupts us at a terminal interrupts the bridge too.
    if (signal.aborted) break
    if (how === 'SIGKILL') {
      if (url === undefined && end.how !== 'commit')
        failures.push(`life ${number} did not start in time:\n${life.tail()}`)
      else if (end.how === 'stop') failures.push(`life ${number} did not stop in time:\n${life.tail()}`)
      else happened[byItself ? 'killsAtCommit' : 'kills'] += 1
    } else if (end.how === 'stop' && how === 0) happened.stops += 1
    else if (url === undefined && how === 3 && wasFull) {
      happened.fullStarts += 1
      await later(AFTER_FULL_START, () => {})
    } else failures.push(`life ${number} ended by itself with ${how}:\n${life.tail()}`)
  }
  drop()
  await setFull(false)
  return { ...happened, failures }
}

/** Timers that end together: at the signal, or when dropped; what they were to do is then not done. */
function createTimers(clock: Clock, signal: AbortSignal) {
  const pending = new Set<() => void>()
  let over = false
  const drop = (): void => {
    over = true
    for (const end of pending) end()
  }
  signal.addEventListener('abort', drop, { once: true })
  /** Resolves when `fn` has run, or never will. */
  const later = (ms: number, fn: () => void): Promise<void> =>
    new Promise((resolve) => {
      if (over) return resolve()
      const end = (): void => {
        cancel()
        pending.delete(end)
        resolve()
      }
      const cancel = clock.timer(ms, () => {
        fn()
        end()
      })
      pending.add(end)
    })
  return { later, drop }
}
