import type { Player, Send } from '../core/bevy/play.ts'
import type { Answer } from '../core/bevy/sending.ts'
import type { Clock } from '../core/ports.ts'
import type { Poster } from './post.ts'

/** What a run is made of. */
export interface Run {
  readonly player: Player
  readonly poster: Poster
  /** What goes over the wire for a send; not always what the player wrote. */
  bodyOf(send: Send): Uint8Array
  readonly clock: Clock
  /** Ends the run with what it has. */
  readonly signal: AbortSignal
  onAnswer(answer: Answer, ms: number, bytes: number): void
  /** Called before a wait for a retry or a later change, with its length in milliseconds. */
  onWait(ms: number): void
}

/** Plays to the end: sends what the player says, when it says so. */
export async function runPlayer({ player, poster, bodyOf, clock, signal, onAnswer, onWait }: Run): Promise<void> {
  const underWay = new Map<number, AbortController>()
  let wake: () => void = () => {}
  const stop = () => wake()
  signal.addEventListener('abort', stop)

  function start(send: Send): void {
    const controller = new AbortController()
    underWay.set(send.id, controller)
    const body = bodyOf(send)
    const started = clock.monotonic()
    void poster.post(body, controller.signal).then((answer) => {
      underWay.delete(send.id)
      const now = clock.monotonic()
      onAnswer(answer, now - started, body.byteLength)
      player.answered(send.id, answer, now)
      wake()
    })
  }

  try {
    while (!signal.aborted) {
      const now = clock.monotonic()
      const step = player.next(now)
      for (const id of step.expired) underWay.get(id)?.abort()
      if (step.done && underWay.size === 0) return
      await new Promise<void>((resolve) => {
        let cancel = () => {}
        wake = () => {
          cancel()
          resolve()
        }
        if (step.wakeAt !== undefined) cancel = clock.timer(step.wakeAt - now, wake)
        if (step.sends.length === 0 && underWay.size === 0 && step.wakeAt !== undefined) onWait(step.wakeAt - now)
        for (const send of step.sends) start(send)
        if (signal.aborted) wake()
      })
    }
  } finally {
    signal.removeEventListener('abort', stop)
    for (const controller of underWay.values()) controller.abort()
  }
}
