/**
 * Everything that is asked of Bevy's REST API, one after the other from the request to the journal: what was fetched later also stands
 * later in the order. While Bevy fails, one request at growing intervals is all that goes out, whoever waits.
 */

import { isBridgeError } from '../core/errors.ts'
import type { Alerts, Clock, Log } from '../core/ports.ts'
import type { RestApi } from '../core/reconcile/rest.ts'

/** What came of one try; `ours`: not Bevy's API fails, but our store. */
export type Turn<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'again'; readonly reason: string; readonly after?: number; readonly ours?: true }
  | { readonly state: 'refused'; readonly reason: string }

/** What came of it in the end. `denied`: this list or record may not be read, though the token is good. */
export type Done<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'denied'; readonly reason: string }

export interface OneByOne {
  /** Does this work when its turn comes, again while it says so. Waits while there is no access. Rejects with the signal's reason. */
  run<T>(work: (api: RestApi, signal: AbortSignal) => Promise<Turn<T>>, signal?: AbortSignal): Promise<Done<T>>
  /** Takes other access from now on; undefined: none. */
  use(api: RestApi | undefined): void
  readonly trouble: { readonly since: number; readonly reason: string; readonly nextTry: number } | undefined
  close(): Promise<void>
}

const FIRST_WAIT = 1_000
const STORE_WAIT = 15_000
const LONGEST_WAIT = 5 * 60_000
/** A token that is refused is mended by a person. */
const REFUSED_WAIT = 15 * 60_000
/** People are told after so many failures in a row: some five minutes. */
const TELL_AFTER = 9
/** Failures of one request after which another one shows whether it is to blame itself. */
const SUSPECT_AFTER = 6

/** Makes it. */
export function createOneByOne(deps: { readonly clock: Clock; readonly log: Log; readonly alerts: Alerts }): OneByOne {
  const { clock, log, alerts } = deps
  const closing = new AbortController()
  let api: RestApi | undefined
  /** Something was answered with this access. */
  let proven = false
  let last: Promise<unknown> = Promise.resolve()
  let failures = 0
  let trouble: OneByOne['trouble']
  const wakers = new Set<() => void>()

  const wake = (): void => {
    for (const waker of wakers) waker()
  }

  /** Resolves after so many milliseconds, on new access, or when aborted. */
  const pause = (ms: number | undefined, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        cancel()
        wakers.delete(end)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const cancel = ms === undefined ? () => {} : clock.timer(ms, end)
      wakers.add(end)
      signal.addEventListener('abort', end, { once: true })
    })

  const failed = (reason: string, wait: number, tell: boolean): void => {
    const now = clock.now()
    if (trouble === undefined) log.warn('nothing is fetched from bevy now', { reason, nextTryMs: wait })
    trouble = { since: trouble?.since ?? now, reason, nextTry: now + wait }
    if (!tell) return
    const message = `Bevy's REST API cannot be used: ${reason}. Missing records are not fetched, and no reconcile goes on; webhooks are received as before`
    alerts.raise({ cause: 'bevy-api', subject: 'bevy', message })
  }

  const over = (): void => {
    failures = 0
    if (trouble === undefined) return
    trouble = undefined
    log.info('what kept from fetching is over')
    alerts.recovered?.({ cause: 'bevy-api', subject: 'bevy' })
  }

  const well = (): void => {
    proven = true
    over()
  }

  /** Whether another request is answered: then this one is to blame, and no other has to wait for it. */
  const works = async (by: RestApi, signal: AbortSignal): Promise<boolean> =>
    (await by.page({ state: 'events' }, { page_size: '1' }, signal)).state === 'found'

  const attempt = async <T>(
    work: (api: RestApi, signal: AbortSignal) => Promise<Turn<T>>,
    signal: AbortSignal,
  ): Promise<Done<T>> => {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted()
      if (api === undefined) {
        await pause(undefined, signal)
        continue
      }
      const used = api
      const turn = await withPatience(work, used, signal)
      if (used !== api) continue
      if (turn.state === 'done') {
        well()
        return turn
      }
      const suspect = turn.state === 'refused' ? proven : turn.ours !== true && tries > SUSPECT_AFTER
      if (suspect && (await works(used, signal))) {
        well()
        return { state: 'denied', reason: turn.reason }
      }
      if (used !== api) continue
      if (turn.state === 'refused') {
        proven = false
        failed(`${turn.reason}: look at bevy.token and the rights of its owner`, REFUSED_WAIT, true)
        await pause(REFUSED_WAIT, signal)
        continue
      }
      failures += 1
      const wait = Math.max(turn.after ?? 0, Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 20)))
      failed(turn.reason, wait, failures >= TELL_AFTER && turn.ours !== true)
      await pause(wait, signal)
    }
  }

  return {
    run(work, given) {
      const signal = given === undefined ? closing.signal : AbortSignal.any([closing.signal, given])
      const mine = last.then(() => attempt(work, signal))
      last = mine.catch(() => {})
      // Whoever gives up need not wait for its turn to say so.
      return orAborted(mine, signal)
    },
    use(next) {
      const before = api
      api = next
      proven = false
      // The new one is to show itself whether it fails.
      over()
      void before?.close()
      wake()
    },
    get trouble() {
      return trouble
    },
    async close() {
      closing.abort(new Error('the bridge stops'))
      wake()
      await last
      await api?.close()
    },
  }
}

/** A store that cannot be read now can be read later. */
async function withPatience<T>(
  work: (api: RestApi, signal: AbortSignal) => Promise<Turn<T>>,
  api: RestApi,
  signal: AbortSignal,
): Promise<Turn<T>> {
  try {
    return await work(api, signal)
  } catch (error) {
    if (signal.aborted || !isBridgeError(error, 'store')) throw error
    return { state: 'again', reason: `the store fails: ${error.message}`, after: STORE_WAIT, ours: true }
  }
}

/** What comes of it, or the signal's reason as soon as that is aborted. Leaves nothing behind on the signal. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = Promise.withResolvers<never>()
  const give = (): void => given.reject(signal.reason as Error)
  signal.addEventListener('abort', give, { once: true })
  if (signal.aborted) give()
  try {
    return await Promise.race([work, given.promise])
  } finally {
    signal.removeEventListener('abort', give)
  }
}
