import type { Job, Json, Scope } from '../../src/plugin.ts'
import { channelOf } from './channel.ts'
import { NEEDS_UPDATE, type Kind } from './kinds.ts'
import type { Message } from './limits.ts'
import type { MessageSource } from './message.ts'
import { newsOf, saidAfter, type News } from './news.ts'
import type { SlackOptions } from './options.ts'
import { factsOf, fingerprint, placeOf, readRef, type Place, type Ref } from './ref.ts'

/** What is to be done for one job. Nothing of it has been sent. */
export type Plan =
  | { readonly do: 'skip'; readonly reason: string }
  /** A part of the digest of its schedule. */
  | { readonly do: 'gather'; readonly kind: Kind; readonly channel: string | undefined; readonly ref: Ref }
  /** A message of its own; or, in a burst, a part of a digest. */
  | {
      readonly do: 'post'
      readonly kind: Kind
      /** Absent with a webhook: there is only one. */
      readonly channel: string | undefined
      readonly thread: string | undefined
      readonly message: Message
      readonly ref: Ref
    }
  /** Changes a message that stands there, then tells those who follow it. */
  | {
      readonly do: 'update'
      readonly at: Place
      readonly message: Message
      readonly reply: Message | undefined
      /** Posted where the message can no longer be changed. */
      readonly afresh: Message | undefined
      /** Where it is posted afresh. */
      readonly channel: string | undefined
      readonly ref: Ref
    }

const skip = (reason: string): Plan => ({ do: 'skip', reason })
const EMPTY = 'the message made from it is empty'

/**
 * Plans what to do for a job. Throws a BridgeError of kind `record` where a template or the channel's mapping fails.
 *
 * @param now wall clock, milliseconds since 1970
 */
export function planOf(options: SlackOptions, job: Job, now: number): Plan {
  const told = readRef(job.ref)
  const news = newsOf(job, told, now)
  if (news.say === 'nothing') return skip(news.reason)
  const place = options.way.kind === 'token' ? placeOf(told) : undefined
  if (place !== undefined && news.say !== 'new') return updateOf(options, job, told as Ref, place, news)

  // Nothing that could be changed stands there: a webhook, a digest, or a message that is gone.
  const kind = news.say === 'withdraw' ? 'event.withdrawn' : news.kind
  if (news.say === 'update' && kind !== 'event.changed') return skip('that was told already')
  if (NEEDS_UPDATE.has(kind) && (job.type !== 'event' || options.way.kind === 'token')) {
    return skip('what was posted of it cannot be changed')
  }
  return postOf(options, job, told, kind, news)
}

function postOf(options: SlackOptions, job: Job, told: Ref | undefined, kind: Kind, news: News): Plan {
  const source = options.messages.of[kind]
  if (source === undefined) return skip(`messages: ${kind} is off`)
  const { way } = options
  const channel = way.kind === 'token' ? channelOf(way.channel, job) : undefined
  if (way.kind === 'token' && channel === undefined) return skip('there is no channel for it')
  const isGathered = job.group !== undefined && options.messages.digest !== undefined
  // Thousands may be gathered at once: what is only counted and named is not rendered.
  if (isGathered && source.isBuiltIn && job.type !== 'event') {
    return { do: 'gather', kind, channel, ref: refOf(job, told, kind, {}) }
  }
  const message = source.render(scopeOf(job, told, news))
  if (message === undefined) return skip(EMPTY)
  const hash = fingerprint(message)
  if (kind === 'event.changed' && hash === told?.hash) return skip('nothing that is shown has changed')
  if (isGathered) return { do: 'gather', kind, channel, ref: refOf(job, told, kind, { hash }) }
  const event = readRef(job.refs.event)
  const announcement = options.threads && channel !== undefined ? placeOf(event) : undefined
  const thread = announcement?.channel === channel ? announcement?.ts : undefined
  return { do: 'post', kind, channel, thread, message, ref: refOf(job, told, kind, { hash }) }
}

function updateOf(
  options: SlackOptions,
  job: Job,
  told: Ref,
  at: Place,
  news: Exclude<News, { say: 'nothing' }>,
): Plan {
  const scope = scopeOf(job, told, news)
  const channel = options.way.kind === 'token' ? (channelOf(options.way.channel, job) ?? at.channel) : undefined
  const update = (kind: Kind, message: Message | undefined, more: { reply?: Message; afresh?: Message }): Plan => {
    if (message === undefined) return skip(EMPTY)
    const hash = fingerprint(message)
    if (hash === told.hash && more.reply === undefined) return skip('nothing that is shown has changed')
    const facts = kind === 'event.withdrawn' ? { gone: true } : {}
    const ref = refOf(job, told, kind, { ...facts, hash, channel: at.channel, ts: at.ts })
    return { do: 'update', at, message, reply: more.reply, afresh: more.afresh, channel, ref }
  }
  const { of } = options.messages
  const render = (source: MessageSource | undefined): Message | undefined => source?.render(scope)

  if (news.say === 'withdraw') {
    if (of['event.withdrawn'] === undefined) return skip('messages: event.withdrawn is off')
    return update('event.withdrawn', render(of['event.withdrawn']), {})
  }
  if (news.kind === 'event.canceled') {
    if (of['event.canceled'] === undefined) return skip('messages: event.canceled is off')
    const reply = news.say === 'tell' ? render(of['event.canceled']) : undefined
    return update('event.canceled', render(options.messages.canceledAnnouncement), toldAs(reply, reply))
  }
  if (news.kind === 'event.moved' || news.kind === 'event.changed') {
    const changed = render(of['event.changed'])
    const reply = news.say === 'tell' ? render(of['event.moved']) : undefined
    if (changed === undefined && reply === undefined) return skip(`messages: ${news.kind} is off`)
    // The date must not stay wrong where only mere changes are switched off.
    const standing = changed ?? render(of['event.published'])
    return update(news.kind, standing, toldAs(reply, standing))
  }
  const source = of[news.kind]
  if (source === undefined) return skip(`messages: ${news.kind} is off`)
  return update(news.kind, render(source), {})
}

const toldAs = (reply: Message | undefined, afresh: Message | undefined): { reply?: Message; afresh?: Message } => ({
  ...(reply === undefined ? {} : { reply }),
  ...(afresh === undefined ? {} : { afresh }),
})

/** In a message of a move, `before` and `changed` are about what was told here last: states in between were never seen. */
function scopeOf(job: Job, told: Ref | undefined, news: News): Scope {
  if (news.say !== 'tell' || told === undefined || news.moves.length === 0) return job
  const before: Record<string, Json> = {
    ...job.before,
    start_date: told.start ?? '',
    end_date: told.end ?? '',
    venue: told.venue ?? '',
  }
  return { ...job, before, changed: [...new Set([...job.changed, ...news.moves])] }
}

function refOf(job: Job, told: Ref | undefined, kind: Kind, facts: Partial<Ref>): Ref {
  const said = job.type === 'event' || facts.gone === true ? [] : saidAfter(kind, told)
  return { kind, said, ...factsOf(job), ...facts }
}
