import { isBridgeError, reject, skip, type Job, type Outcome } from '../../src/plugin.ts'
import { channelOf } from './channel.ts'
import type { DigestItem } from './digest.ts'
import type { Message } from './limits.ts'
import type { SlackOptions } from './options.ts'
import { planOf, type Plan } from './plan.ts'
import { fingerprint, type Ref } from './ref.ts'
import { ONE_CHANNEL } from './request.ts'

/** What is sent in one go: a message, or what is done to one. */
export type Unit =
  | { readonly id: string; readonly kind: 'one'; readonly job: Job; readonly plan: Sent }
  | {
      readonly id: string
      readonly kind: 'digest'
      readonly jobs: readonly Job[]
      readonly refs: readonly Ref[]
      readonly channel: string | undefined
      readonly thread: string | undefined
      readonly message: Message
    }

type Sent = Exclude<Plan, { readonly do: 'skip' | 'gather' }>
/** What may be a part of a digest. */
type Part = Extract<Plan, { readonly do: 'post' | 'gather' }>
interface Member {
  readonly job: Job
  readonly plan: Part
}

/** A batch taken apart. */
export interface Planned {
  readonly units: readonly Unit[]
  /** Jobs for which nothing is sent. */
  readonly settled: ReadonlyMap<Job, Outcome>
}

/**
 * Plans a batch. Jobs of a schedule become one digest for each channel. In a batch that gathered a burst, people become a digest
 * for each thread, and events have messages of their own: those can be kept up to date.
 */
export function toUnits(options: SlackOptions, jobs: readonly Job[], now: number): Planned {
  const settled = new Map<Job, Outcome>()
  const units: Unit[] = []
  const digests = new Map<string, Member[]>()
  for (const job of jobs) {
    const plan = planned(options, job, now)
    if ('state' in plan) settled.set(job, plan)
    else if (plan.do === 'skip') settled.set(job, skip(plan.reason))
    else if (
      plan.do === 'gather' ||
      (plan.do === 'post' && job.type !== 'event' && options.messages.digest !== undefined)
    ) {
      const key = JSON.stringify([plan.do, plan.channel, plan.do === 'post' ? plan.thread : ''])
      const members = digests.get(key)
      if (members === undefined) digests.set(key, [{ job, plan }])
      else members.push({ job, plan })
    } else units.push({ id: job.id, kind: 'one', job, plan })
  }
  for (const members of digests.values()) units.push(...toDigest(options, members, settled))
  return { units, settled }
}

function planned(options: SlackOptions, job: Job, now: number): Plan | Outcome {
  try {
    return planOf(options, job, now)
  } catch (error) {
    if (isBridgeError(error, 'record')) return reject(error.message)
    throw error
  }
}

function toDigest(options: SlackOptions, members: readonly Member[], settled: Map<Job, Outcome>): Unit[] {
  const [first] = members
  if (first === undefined) return []
  const { job, plan } = first
  if (members.length === 1 && plan.do === 'post') return [{ id: job.id, kind: 'one', job, plan }]
  const jobs = members.map((member) => member.job)
  const items = members.map((member): DigestItem => ({ job: member.job, kind: member.plan.kind }))
  const message = digestOf(options, items)
  if (message === undefined || 'state' in message) {
    for (const one of jobs) settled.set(one, message ?? skip('the digest made from it is empty'))
    return []
  }
  const id = `${job.id} and ${members.length - 1} more`
  const refs = members.map((member) => member.plan.ref)
  const thread = plan.do === 'post' ? plan.thread : undefined
  return [{ id, kind: 'digest', jobs, refs, channel: plan.channel, thread, message }]
}

function digestOf({ messages }: SlackOptions, items: readonly DigestItem[]): Message | Outcome | undefined {
  try {
    return messages.digest?.render(items)
  } catch (error) {
    if (isBridgeError(error, 'record')) return reject(error.message)
    throw error
  }
}

/** The bucket of a job: its channel. Where that cannot be told the job sends nothing. */
export function bucketOf({ way }: SlackOptions, job: Job): string | undefined {
  if (way.kind === 'webhook') return ONE_CHANNEL
  try {
    return channelOf(way.channel, job)
  } catch (error) {
    if (isBridgeError(error, 'record')) return undefined
    throw error
  }
}

/** The ref of a message that was posted at a place. */
export function refAt(ref: Ref, message: Message, at: { readonly channel?: string; readonly ts?: string }): Ref {
  const { channel, ts } = at
  const place = channel === undefined || ts === undefined ? {} : { channel, ts }
  return { ...ref, ...place, hash: fingerprint(message) }
}
