/** Bevy played against something that may be away, and what must hold at the destinations afterwards. */

import { expect } from 'vitest'
import { createPoster, type Poster } from '../../src/cli/post.ts'
import { runPlayer } from '../../src/cli/run-player.ts'
import { systemClock } from '../../src/clock.ts'
import type { Change, Player } from '../../src/core/bevy/play.ts'
import { createPlayer } from '../../src/core/bevy/player.ts'
import { inventChanges } from '../../src/core/bevy/script.ts'
import type { DelayLaw, Reading } from '../../src/core/bevy/sending.ts'
import type { JsonObject } from '../../src/core/types.ts'

/** One state as a destination took it. */
export interface Taken {
  /** Which life of the bridge sent it, from 1. */
  readonly life: number
  readonly id: string
  readonly key: string
  /** Each state has `rev`: how new it was at Bevy. */
  readonly data: JsonObject
}

/**
 * Changes of a small community, each state marked with a running number `rev`. Each later change is followed by another of the same
 * record after `soon` milliseconds, so that a newer state comes while an older one is still on its way.
 */
export function revised(
  seed: number,
  { count, changes, within, soon, start }: Record<'count' | 'changes' | 'within' | 'soon' | 'start', number>,
): Change[] {
  return inventChanges({ seed, type: 'all', count, changes, within, start })
    .flatMap((change) => (change.at === 0 ? [change] : [change, { ...change, at: change.at + soon }]))
    .sort((a, b) => a.at - b.at)
    .map((change, rev) => ({ ...change, data: { ...change.data, rev } }))
}

/** How Bevy is played in real time. */
export interface Play {
  readonly changes: readonly Change[]
  readonly reading: Reading
  readonly delays: DelayLaw
  readonly bulk: boolean
  readonly speed: number
  readonly seed: number
  readonly secret: string
  /** Where the receiver listens now; undefined while it does not. */
  url(): string | undefined
}

/** Plays to the end; resolves with the player and how often each answer came. */
export async function playInRealTime(play: Play): Promise<{ player: Player; answers: Map<string, number> }> {
  const { url, secret, bulk, ...rest } = play
  const answers = new Map<string, number>()
  const posters = new Map<string, Poster>()
  const player = createPlayer({ ...rest, bulk, start: systemClock.monotonic(), concurrency: bulk ? 1 : 4 })
  const poster: Poster = {
    async post(body, signal) {
      const now = url()
      if (now === undefined) return { failed: 'connect' }
      const open =
        posters.get(now) ??
        createPoster({ url: new URL(now), header: 'x-bevy-secret', secret, gzip: false, concurrency: 4 })
      posters.set(now, open)
      return open.post(body, signal)
    },
    close() {},
  }
  const encoder = new TextEncoder()
  try {
    await runPlayer({
      player,
      poster,
      bodyOf: ({ body }) => encoder.encode(body),
      clock: systemClock,
      signal: new AbortController().signal,
      onAnswer(answer) {
        const label = 'status' in answer ? String(answer.status) : answer.failed
        answers.set(label, (answers.get(label) ?? 0) + 1)
      },
      onWait() {},
    })
  } finally {
    for (const open of posters.values()) open.close()
  }
  return { player, answers }
}

/** The receiver's table: a POST is answered 200 or not at all. */
export function expectAnswers(answers: ReadonlyMap<string, number>): void {
  const others = [...answers.keys()].filter((answer) => !['200', 'reset', 'connect'].includes(answer))
  expect(others).toEqual([])
}

/** Has a destination the newest state of everything that Bevy did not give up? */
export function isComplete(taken: readonly Taken[], player: Player): boolean {
  const last = new Map(taken.map(({ key, data }) => [key, data['rev']]))
  const givenUp = new Set(player.givenUp())
  return [...player.finalState()].every(([key, { rev }]) => givenUp.has(key) || last.get(key) === rev)
}

/**
 * The final state of a destination is Bevy's, and nothing older came after something newer. In mode `every` a job whose end was not
 * on disk when its life ended comes again, with the id it had. Returns the number of such repeats.
 */
export function expectInOrder(
  taken: readonly Taken[],
  player: Player,
  mode: 'every' | 'latest',
  what: unknown,
): number {
  const last = new Map(taken.map(({ key, data }) => [key, data]))
  const givenUp = player.givenUp()
  const final = [...player.finalState()].filter(([key]) => !givenUp.includes(key))
  expect([what, final.map(([key]) => [key, last.get(key)])]).toEqual([what, final])
  let repeats = 0
  for (const [key, list] of Map.groupBy(taken, (one) => one.key)) {
    for (const [at, now] of list.entries()) {
      const earlier = list.slice(0, at)
      const repeated = earlier.some(({ id }) => id === now.id)
      if (repeated) repeats++
      const before = earlier.at(-1)
      if (before === undefined || Number(now.data['rev']) >= Number(before.data['rev'])) continue
      const allowed = mode === 'every' && earlier.some(({ id, life }) => id === now.id && life < now.life)
      expect([what, key, list.map(({ life, data }) => [life, data['rev']]), at, allowed]).toEqual([
        what,
        key,
        list.map(({ life, data }) => [life, data['rev']]),
        at,
        true,
      ])
    }
  }
  return repeats
}
