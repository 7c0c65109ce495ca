import { coerceError, DestinationError, isBridgeError, type TransportError } from '../errors.ts'
import { delivered, type Job, type Outcome, reject, retry, unknown } from '../plugin-contract.ts'
import type { HttpResponse, Log } from '../ports.ts'

/** Longest wait taken from a `Retry-After`, milliseconds. */
export const MAX_RETRY_AFTER = 86_400_000

/**
 * Milliseconds the other side asks us to wait, at most a day; undefined when it does not or what it says cannot be read.
 * Seconds or an HTTP date (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3); a date is compared with the answer's own
 * `date` header, so that two clocks that disagree do no harm, and with `now` where there is none.
 *
 * @param headers lower-case names
 * @param now wall clock when the answer came, milliseconds since 1970
 */
export function retryAfter(headers: Readonly<Record<string, string>>, now?: number): number | undefined {
  const text = headers['retry-after']?.trim() ?? ''
  const wait = /^\d{1,12}$/.test(text)
    ? Number(text) * 1000
    : httpDate(text) - (httpDate(headers['date']) || (now ?? NaN))
  return Number.isNaN(wait) ? undefined : Math.min(MAX_RETRY_AFTER, Math.max(0, wait))
}

// `Date.parse` alone takes nearly anything for a date; all three forms of an HTTP date begin with the name of a day.
function httpDate(text = ''): number {
  return /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : NaN
}

/** Statuses about the destination, not about what was sent. */
const ABOUT_DESTINATION: Readonly<Record<number, readonly [code: string, words: string]>> = {
  401: ['ERR_DESTINATION_AUTH', 'refused our credentials'],
  403: ['ERR_DESTINATION_AUTH', 'refused us access'],
  404: ['ERR_DESTINATION_NOT_FOUND', 'knows nothing at this address'],
  410: ['ERR_DESTINATION_GONE', 'says this address is gone for good'],
}

/**
 * What the status of an answer means for the job, as most services mean it: 2xx delivered; 408, 425, 429 and 5xx retry, after
 * `Retry-After` when given; every other 4xx reject. The wait of a 429, and of a 503 that names one, holds the whole account.
 *
 * @throws DestinationError for what no other record would change: a redirect (not followed), 401, 403, 404, 410
 */
export function outcomeOf(response: Pick<HttpResponse, 'status' | 'headers' | 'receivedAt'>): Outcome {
  const { status, headers } = response
  const reason = `answered ${status}`
  if (status >= 200 && status < 300) return delivered()
  if (status >= 300 && status < 400) {
    throw new DestinationError(`${reason}, a redirect; redirects are not followed`, {
      code: 'ERR_DESTINATION_REDIRECT',
    })
  }
  const about = ABOUT_DESTINATION[status]
  if (about !== undefined) throw new DestinationError(`${reason}: it ${about[1]}`, { code: about[0] })
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const after = retryAfter(headers, response.receivedAt)
    const scope = status === 429 || (status === 503 && after !== undefined) ? 'account' : 'job'
    return retry({ ...(after === undefined ? {} : { after }), scope, reason })
  }
  return reject(reason)
}

/**
 * What a thrown error means for the jobs that were being sent: no byte sent is retry, sent without an answer is unknown, an
 * error about the record is reject. Undefined for everything else: a DestinationError, and bugs.
 */
export function toOutcome(error: unknown): Outcome | undefined {
  if (isBridgeError(error, 'transport')) {
    return (error as TransportError).sent ? unknown(error.message) : retry({ reason: error.message })
  }
  if (isBridgeError(error, 'record')) return reject(error.message)
  return undefined
}

/**
 * Runs `fn` for one job after the other (or one group of jobs), so that the failure of one never touches the next. What `fn`
 * throws becomes the job's outcome as by {@link toOutcome}; a bug in it is a retry of that job alone, its stack in `log`. A DestinationError ends
 * the run: it is thrown on, unless jobs before it were taken already; then those keep their outcomes, so that nothing is sent
 * twice, the rest is retry, and the next attempt throws it.
 */
export async function perJob<Item extends { readonly id: string } = Job>(
  jobs: readonly Item[],
  fn: (job: Item) => Promise<Outcome | void>,
  log?: Log,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const job of jobs) {
    try {
      outcomes.push((await fn(job)) ?? delivered())
    } catch (error) {
      if (isBridgeError(error, 'destination')) {
        if (!outcomes.some(mayBeTaken)) throw error
        return jobs.map((_, index) => outcomes[index] ?? retry({ reason: error.message }))
      }
      const outcome = toOutcome(error)
      if (outcome === undefined) log?.error('the plugin failed on a job', { job: job.id }, coerceError(error))
      outcomes.push(outcome ?? retry({ reason: `the plugin failed: ${coerceError(error).name}` }))
    }
  }
  return outcomes
}

const mayBeTaken = ({ state }: Outcome): boolean => state === 'delivered' || state === 'unknown'
