/** Bevy while it tortures: the rounds' records one by one and in bulk, retries and all, and now and then a body once more. */

import { createPlayer } from '../core/bevy/player.ts'
import type { Change, Player, Send } from '../core/bevy/play.ts'
import type { Answer } from '../core/bevy/sending.ts'
import type { Clock } from '../core/ports.ts'
import { strayOf, type Round } from '../core/torture/plan.ts'
import { inventRound, SPEED } from '../core/torture/world.ts'
import type { Poster } from './post.ts'

/** Plays one player to its end, or to that of the signal. */
export type Play = (run: {
  readonly player: Player
  readonly poster: { post(body: Uint8Array, signal: AbortSignal): Promise<Answer>; close(): void }
  bodyOf(send: Send): Uint8Array
  readonly clock: Clock
  readonly signal: AbortSignal
  onAnswer(answer: Answer, ms: number, bytes: number): void
  onWait(ms: number): void
}) => Promise<void>

export interface Bevy {
  /** The records of a round begin to happen. */
  begin(round: Round): void
  /** Resolves when nothing is pending any more; records Bevy gave up are not. */
  done(): Promise<void>
  /** Sends nothing more. */
  end(): void
}

interface Deps {
  readonly poster: Poster
  readonly clock: Clock
  readonly play: Play
}

/** Makes it. */
export function createBevy({ poster, clock, play }: Deps): Bevy {
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  const encoder = new TextEncoder()

  const track = (work: Promise<void>): void => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }

  const again = (body: Uint8Array, after: number): Promise<void> =>
    new Promise((resolve) => {
      clock.timer(after, () => void (stop.signal.aborted ? resolve() : poster.post(body).then(() => resolve())))
    })

  const run = (changes: readonly Change[], round: Round, bulk: boolean): void => {
    if (changes.length === 0) return
    let posts = 0
    const player = createPlayer({
      changes,
      start: clock.monotonic(),
      bulk,
      delays: 'linear',
      concurrency: bulk ? 1 : 4,
      speed: SPEED,
      seed: round.seed,
    })
    const post = async (body: Uint8Array, signal: AbortSignal): Promise<Answer> => {
      const stray = strayOf(round.seed, ++posts)
      const answer = await poster.post(body, signal)
      if (stray !== undefined) track(again(body, stray))
      return answer
    }
    const quiet = (): void => {}
    track(
      play({
        player,
        poster: { post, close: quiet },
        bodyOf: ({ body }) => encoder.encode(body),
        clock,
        signal: stop.signal,
        onAnswer: quiet,
        onWait: quiet,
      }),
    )
  }

  return {
    begin(round) {
      const { single, bulk } = inventRound(round, clock.now())
      run(single, round, false)
      run(bulk, round, true)
    },
    async done() {
      while (running.size > 0) await Promise.race(running)
    },
    end: () => stop.abort(),
  }
}
