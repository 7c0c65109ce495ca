import {
  delivered,
  perJob,
  retry,
  type Job,
  type JsonObject,
  type Outcome,
  type PluginContext,
  type Sender,
} from '../../src/plugin.ts'
import { readAnswer, type Reading } from './answers.ts'
import { checkAccount } from './check.ts'
import type { Message } from './limits.ts'
import type { SlackOptions } from './options.ts'
import { toJson, type Place, type Ref } from './ref.ts'
import { toPost, toPreview, toRequest, toUpdate, type Call } from './request.ts'
import { bucketOf, refAt, toUnits, type Unit } from './units.ts'

/** Messages sent in one go: what was posted is recorded after it, so a crash in between doubles no more than these. */
const IN_ONE_GO = 20
/** Milliseconds until the rest of a larger batch goes on. */
const PAUSE = 1000

type Update = Extract<Extract<Unit, { kind: 'one' }>['plan'], { do: 'update' }>

/** Posts, updates and replies; what was posted for a record is left in its ref. */
export function createSlackSender(options: SlackOptions, context: PluginContext): Sender {
  const { http, log, now } = context
  const { way } = options
  const isMapped = way.kind === 'token' && way.channel.kind === 'mapped'

  const ask = async (call: Call, signal: AbortSignal): Promise<Reading> => {
    const answer = await http.request({ ...toRequest(way, call), signal })
    return readAnswer(answer, { method: call.method, isMapped, isReply: 'thread_ts' in call.body })
  }

  const post = async (message: Message, to: Parameters<typeof toPost>[2], signal: AbortSignal): Promise<Reading> => {
    const reading = await ask(toPost(options, message, to), signal)
    return reading.state === 'unthreaded' ? ask(toPost(options, message, { channel: to.channel }), signal) : reading
  }

  /** The message first: changing it again does no harm when the reply has to be tried once more. */
  const update = async (plan: Update, signal: AbortSignal): Promise<Outcome> => {
    const { at, message, reply, afresh, channel, ref } = plan
    const reading = await ask(toUpdate(message, at), signal)
    if (reading.state === 'failed') return reading.outcome
    if (reading.state === 'done') {
      if (reply === undefined) return posted(ref)
      // Where nobody may reply in the thread, those who look at the message see it all the same.
      const told = await ask(replyTo(options, reply, at), signal)
      return told.state === 'failed' ? told.outcome : posted(ref)
    }
    log.info('a message can no longer be changed', { code: reading.code, afresh: afresh !== undefined })
    if (afresh === undefined) return posted({ ...ref, gone: true })
    const again = await post(afresh, { channel }, signal)
    if (again.state === 'failed') return again.outcome
    return posted(refAt(ref, afresh, again.state === 'done' ? again : {}))
  }

  const carryOut = async (unit: Unit, signal: AbortSignal): Promise<Outcome> => {
    if (unit.kind === 'one' && unit.plan.do === 'update') return update(unit.plan, signal)
    const { message, channel, thread } = unit.kind === 'one' ? (unit.plan as Exclude<typeof unit.plan, Update>) : unit
    const reading = await post(message, { channel, thread }, signal)
    if (reading.state === 'failed') return reading.outcome
    if (unit.kind === 'digest' || unit.plan.do === 'update') return delivered()
    return posted(refAt(unit.plan.ref, message, reading.state === 'done' ? reading : {}))
  }

  return {
    bucket: (job) => bucketOf(options, job),

    async send(jobs, attempt) {
      const { units, settled } = toUnits(options, jobs, now())
      const outcomes = new Map(settled)
      const held = new Map<string, Outcome>()
      const answers = await perJob(
        units.slice(0, IN_ONE_GO),
        async (unit) => {
          const waits = held.get(bucketOfUnit(unit)) ?? held.get('')
          if (waits !== undefined) return waits
          const outcome = await carryOut(unit, attempt.signal)
          if (outcome.state === 'retry' && outcome.scope !== undefined && outcome.scope !== 'job') {
            held.set(outcome.scope === 'account' ? '' : bucketOfUnit(unit), outcome)
          }
          return outcome
        },
        log,
      )
      for (const [index, unit] of units.entries()) {
        const outcome = answers[index] ?? retry({ after: PAUSE, reason: `more than ${IN_ONE_GO} messages in one go` })
        for (const [job, own] of outcomesOf(unit, outcome)) outcomes.set(job, own)
      }
      return jobs.map((job) => outcomes.get(job) as Outcome)
    },

    preview(jobs) {
      const { units, settled } = toUnits(options, jobs, now())
      const shown = units.flatMap((unit) => callsOf(options, unit)).map((call) => toPreview(way, call))
      return [...shown, ...jobs.flatMap((job) => toNote(settled.get(job)))]
    },

    check: (signal) => checkAccount(options, http, signal),
  }
}

const posted = (ref: Ref): Outcome => delivered({ ref: toJson(ref) })

function replyTo(options: SlackOptions, reply: Message, at: Place): Call {
  return toPost(options, reply, { channel: at.channel, thread: at.ts, broadcast: options.broadcast })
}

/** The calls of a unit when all goes well. */
function callsOf(options: SlackOptions, unit: Unit): Call[] {
  if (unit.kind === 'digest') return [toPost(options, unit.message, unit)]
  const { plan } = unit
  if (plan.do === 'post') return [toPost(options, plan.message, plan)]
  const replies = plan.reply === undefined ? [] : [replyTo(options, plan.reply, plan.at)]
  return [toUpdate(plan.message, plan.at), ...replies]
}

function bucketOfUnit(unit: Unit): string {
  const channel = unit.kind === 'digest' ? unit.channel : unit.plan.channel
  return channel ?? 'webhook'
}

/** Each job of a digest keeps a ref of its own; its message is nobody's to change. */
function outcomesOf(unit: Unit, outcome: Outcome): [Job, Outcome][] {
  if (unit.kind === 'one') return [[unit.job, outcome]]
  return unit.jobs.map((job, index) => {
    const ref = unit.refs[index]
    return [job, outcome.state === 'delivered' && ref !== undefined ? posted(ref) : outcome]
  })
}

function toNote(outcome: Outcome | undefined): JsonObject[] {
  if (outcome === undefined || !('reason' in outcome)) return []
  return [outcome.state === 'reject' ? { rejected: outcome.reason } : { skipped: outcome.reason }]
}
