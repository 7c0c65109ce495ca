/** Messages on their way: a queue for each channel, so that a broken one blocks no other. Durable: what was not taken is sent after a restart. */

import PQueue from 'p-queue'
import type { AlertMessage } from '../core/alerts/text.ts'
import { pause } from '../core/pause.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { ChannelSettings } from '../core/settings.ts'
import { tryChannel, type Channel } from './channel.ts'
import type { Queued } from './documents.ts'

export interface Outbox {
  /** Takes over channels; those that changed, and those that were given up, begin anew. */
  apply(channels: Readonly<Record<string, ChannelSettings>>): void
  /** Puts messages into the queues. They are on disk already, or the disk is what they are about. */
  push(queued: readonly Queued[]): void
  /** Breaks off what is under way; it stays on disk. */
  close(): Promise<void>
}

interface Deps {
  readonly clock: Clock
  readonly log: Log
  create(name: string, settings: ChannelSettings): Channel
  /** A message was taken, refused or given up: it may leave the disk. */
  settled(queued: Queued): void
  count(channel: string, result: string): void
}

/** Waits before the retries. */
const RETRIES = [2_000, 10_000, 60_000]
const LONGEST = 120_000

interface Line {
  readonly settings: string
  readonly channel: Channel
  readonly queue: PQueue
  readonly closing: AbortController
  broken: boolean
}

/** Makes it; without channels until `apply`. */
export function createOutbox(deps: Deps): Outbox {
  const { clock, log } = deps
  const lines = new Map<string, Line>()

  const send = async (line: Line, queued: Queued): Promise<void> => {
    const { channel: name, message } = queued
    const { signal } = line.closing
    const facts = { channel: name, cause: message.cause, subject: message.subject, state: message.state }
    for (let attempt = 0; ; attempt++) {
      if (signal.aborted) return
      if (line.broken) break
      const tried = await tryChannel(line.channel, message, signal)
      if (signal.aborted && tried.state !== 'sent') return
      deps.count(name, tried.state)
      if (tried.state === 'sent') {
        log.info('alert sent', facts)
        break
      }
      const { reason } = tried
      if (tried.state === 'broken') {
        line.broken = true
        log.error('alert channel given up until the config is reloaded', { ...facts, reason })
        break
      }
      const wait = RETRIES[attempt]
      if (tried.state === 'refused' || wait === undefined) {
        log.error('alert not sent', { ...facts, reason, tries: attempt + 1 })
        break
      }
      const nextInMs = Math.max(wait, Math.min(tried.after ?? 0, LONGEST))
      log.warn('alert not sent yet', { ...facts, reason, nextInMs })
      await pause(nextInMs, { clock, signal })
    }
    deps.settled(queued)
  }

  const end = async (line: Line): Promise<void> => {
    line.closing.abort()
    await line.queue.onIdle()
    await line.channel.close()
  }

  const waiting = new Map<string, Set<Queued>>()
  const enqueue = (queued: Queued): void => {
    const line = lines.get(queued.channel)
    if (line === undefined) return deps.settled(queued)
    const own = waiting.get(queued.channel) ?? new Set()
    waiting.set(queued.channel, own.add(queued))
    void line.queue
      .add(() => send(line, queued))
      .catch((error: unknown) => log.error('an alert failed', { channel: queued.channel }, error))
      .finally(() => {
        if (!line.closing.signal.aborted) own.delete(queued)
      })
  }

  return {
    apply(channels) {
      for (const [name, line] of lines) {
        if (!line.broken && JSON.stringify(channels[name]) === line.settings) continue
        lines.delete(name)
        void end(line).catch((error: unknown) => log.error('alert channel not closed', { channel: name }, error))
      }
      for (const [name, settings] of Object.entries(channels)) {
        if (lines.has(name)) continue
        lines.set(name, {
          settings: JSON.stringify(settings),
          channel: deps.create(name, settings),
          queue: new PQueue({ concurrency: 1 }),
          closing: new AbortController(),
          broken: false,
        })
        // What waited for the one before goes through its successor.
        const left = [...(waiting.get(name) ?? [])]
        waiting.delete(name)
        for (const queued of left) enqueue(queued)
      }
      for (const [name, left] of waiting) {
        if (lines.has(name)) continue
        waiting.delete(name)
        for (const queued of left) deps.settled(queued)
      }
    },
    push(queued) {
      for (const one of queued) enqueue(one)
    },
    async close() {
      await Promise.all([...lines.values()].map(end))
      lines.clear()
    },
  }
}

/** One entry for each message and channel that wants it. */
export function toQueued(
  messages: readonly AlertMessage[],
  wanted: (message: AlertMessage) => readonly string[],
): Queued[] {
  return messages.flatMap((message) => wanted(message).map((channel) => ({ channel, message })))
}
