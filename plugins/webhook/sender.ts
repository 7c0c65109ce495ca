import {
  isBridgeError,
  outcomeOf,
  perJob,
  reject,
  skip,
  toOutcome,
  type Attempt,
  type Job,
  type Json,
  type JsonObject,
  type Outcome,
  type PluginContext,
  type Sender,
} from '../../src/plugin.ts'
import type { BodySettings } from './body.ts'
import type { WebhookOptions } from './options.ts'
import { toErasure } from './erase.ts'
import { toGroups, toPart, toRequest, type Group, type Part } from './request.ts'
import { shownUrl } from './target-url.ts'

/** Sends each batch in one request, or one per URL where the URL is made from the record. */
export function createWebhookSender(options: WebhookOptions, context: PluginContext): Sender {
  const { http, log, now, storeId } = context
  const settings: BodySettings = { body: options.body, asList: options.asList, storeId }

  const post = async (group: Group, signal: AbortSignal): Promise<Outcome> => {
    const answer = await http.request({ ...toRequest(options, settings, group, now()), signal })
    if (options.url.isTemplated && (answer.status === 404 || answer.status === 410)) {
      return reject(`answered ${answer.status} at the URL made from the record`)
    }
    return outcomeOf(answer)
  }

  return {
    async send(jobs, attempt) {
      const refused = new Map<Job, Outcome>()
      const groups = toGroups(partsOf(options, settings, jobs, refused), jobs, attempt)
      const answers = await perJob(groups, (group) => post(group, attempt.signal), log)
      const outcomes = new Map(refused)
      for (const [index, { parts }] of groups.entries()) {
        for (const { job } of parts) outcomes.set(job, answers[index] as Outcome)
      }
      return jobs.map((job) => outcomes.get(job) as Outcome)
    },

    async erase(person, { signal }) {
      if (!options.erasure) return skip('the other side is not told: erasure is false')
      return outcomeOf(await http.request({ ...toErasure(options, person, now()), signal }))
    },

    preview(jobs) {
      const refused = new Map<Job, Outcome>()
      const parts = partsOf(options, settings, jobs, refused)
      const attempt: Attempt = { number: 1, signal: new AbortController().signal, idempotencyKey: 'id of the batch' }
      const shown = toGroups(parts, jobs, attempt).map((group) => toPreview(options, settings, group))
      const problems = [...refused.values()].map((outcome) => ({ rejected: 'reason' in outcome ? outcome.reason : '' }))
      return [...shown, ...problems]
    },

    async check(signal) {
      try {
        await http.connect?.(options.url.base, signal)
        return []
      } catch (error) {
        if (isBridgeError(error)) return [error.message]
        throw error
      }
    },
  }
}

/** Renders the jobs; those that cannot be are put into `refused`. */
function partsOf(
  options: WebhookOptions,
  settings: BodySettings,
  jobs: readonly Job[],
  refused: Map<Job, Outcome>,
): Part[] {
  return jobs.flatMap((job) => {
    try {
      return [toPart(options, settings, job)]
    } catch (error) {
      const outcome = toOutcome(error)
      if (outcome === undefined) throw error
      refused.set(job, outcome)
      return []
    }
  })
}

const SECRET_HEADER = /auth|token|secret|key|cookie|password|signature/i

function toPreview(options: WebhookOptions, settings: BodySettings, group: Group): JsonObject {
  const { method = '', url, headers, body } = toRequest(options, settings, group, 0)
  const shown = Object.entries(headers).map(([name, value]) => {
    if (name === 'webhook-timestamp') return [name, 'the second it is sent']
    if (name === 'webhook-signature') return [name, options.secrets.map(({ scheme }) => `${scheme},…`).join(' ')]
    return [name, SECRET_HEADER.test(name) && name !== 'idempotency-key' ? '[secret]' : value]
  })
  return {
    method,
    url: shownUrl(url),
    headers: Object.fromEntries(shown) as JsonObject,
    body: JSON.parse(body) as Json,
  }
}
