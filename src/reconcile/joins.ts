/** Fetches heads that jobs wait for: each once, however many wait. */

import { coerceError } from '../core/errors.ts'
import type { Clock, IndexReader, Log } from '../core/ports.ts'
import type { RestType } from '../core/reconcile/rest.ts'
import type { Feed } from './feed.ts'
import type { OneByOne, Turn } from './one-by-one.ts'

export interface JoinFetcher {
  /** Jobs wait for these heads, `event:9001`, which have not arrived. */
  want(keys: readonly string[]): void
  /** Begins, or goes on after access was configured. */
  wake(): void
  readonly counts: { readonly waiting: number; readonly fetched: number; readonly absent: number }
  close(): Promise<void>
}

interface Deps {
  readonly line: OneByOne
  readonly feed: Feed
  readonly index: IndexReader
  readonly clock: Clock
  readonly log: Log
  /** Access is configured, and heads may be fetched by it. */
  enabled(): boolean
}

/** Waiting keys, and keys known to be absent, each at most. Who is not remembered waits for the webhook. */
const MOST = 10_000
/** Milliseconds a head that Bevy does not have is not asked for again. */
const ABSENT_FOR = 10 * 60_000
const KEY = /^(event|chapter|user):([\w.-]{1,100})$/

/** Makes it. */
export function createJoinFetcher({ line, feed, index, clock, log, enabled }: Deps): JoinFetcher {
  const waiting = new Set<string>()
  const absent = new Map<string, number>()
  const closing = new AbortController()
  let fetched = 0
  let missed = 0
  let running: Promise<void> | undefined

  const isAbsent = (key: string): boolean => {
    const until = absent.get(key)
    if (until === undefined) return false
    if (until > clock.monotonic()) return true
    absent.delete(key)
    return false
  }

  const setAbsent = (key: string): void => {
    missed += 1
    const [oldest] = absent.size >= MOST ? absent.keys() : []
    if (oldest !== undefined) absent.delete(oldest)
    absent.set(key, clock.monotonic() + ABSENT_FOR)
  }

  const fetch = async (key: string): Promise<void> => {
    const [, type, id] = KEY.exec(key) as unknown as [string, RestType, string]
    const done = await line.run(async (api, signal): Promise<Turn<'here' | 'absent' | { odd: string }>> => {
      const asOf = feed.mark()
      const [head] = await index.heads([key])
      // The webhook was faster.
      if (head !== undefined) return { state: 'done', value: 'here' }
      const answer = await api.record(type, id, signal)
      if (answer.state === 'none') return { state: 'done', value: 'absent' }
      if (answer.state === 'odd') return { state: 'done', value: { odd: answer.reason } }
      if (answer.state !== 'found') return answer
      // Asked for by its id: what it calls itself is no matter.
      const records = [{ ...answer.value, id: answer.value['id'] ?? id }]
      if (String(records[0]?.id).trim() !== id) return { state: 'done', value: { odd: `its ${type} is another one` } }
      const turn = await feed.take({ type, records, asOf, take: 'news' }, signal)
      return turn.state === 'done' ? { state: 'done', value: 'here' } : turn
    }, closing.signal)
    if (done.state === 'done' && done.value === 'here') fetched += 1
    else {
      setAbsent(key)
      const odd = done.state === 'denied' ? done.reason : typeof done.value === 'object' ? done.value.odd : undefined
      if (odd !== undefined) log.warn('a missing record could not be fetched', { key, reason: odd })
      else log.info('a missing record is not in bevy either', { key })
    }
  }

  const work = async (): Promise<void> => {
    for (;;) {
      const [key] = waiting
      if (key === undefined || !enabled() || closing.signal.aborted) return
      try {
        await fetch(key)
      } catch (error) {
        if (closing.signal.aborted) return
        setAbsent(key)
        log.error('a missing record could not be fetched', { key, reason: coerceError(error).message }, error)
      }
      waiting.delete(key)
    }
  }

  const wake = (): void => {
    if (waiting.size === 0 || !enabled() || closing.signal.aborted) return
    running ??= work().finally(() => {
      running = undefined
      wake()
    })
  }

  return {
    want(keys) {
      for (const key of keys) {
        if (waiting.size >= MOST || !KEY.test(key) || isAbsent(key)) continue
        waiting.add(key)
      }
      wake()
    },
    wake,
    get counts() {
      return { waiting: waiting.size, fetched, absent: missed }
    },
    async close() {
      closing.abort(new Error('the bridge stops'))
      await running
    },
  }
}
