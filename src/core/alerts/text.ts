/** What people read: alerts as messages, without any channel's own form. */

import { alertCause, type Severity } from './causes.ts'
import type { Episode, Figures } from './tracker.ts'
import { formatDuration } from '../durations.ts'

/** A message to people. Times are wall clock. */
export interface AlertMessage {
  /** Unique; the same however often it is sent. `[a-z0-9-]`. */
  readonly id: string
  /** Same for all messages of one cause and subject. */
  readonly key: string
  /** Id of the first message about this trouble. */
  readonly thread: string
  readonly state: 'raised' | 'repeated' | 'recovered' | 'test'
  readonly severity: Severity
  readonly cause: string
  readonly subject: string
  /** A few words. */
  readonly title: string
  /** Whole sentences. */
  readonly text: string
  /** Shows more. */
  readonly command: string
  readonly at: number
  /** When the trouble began. */
  readonly since: number
  /** How often it happened. */
  readonly count: number
}

/** The message about an episode; `notices` counts this one. */
export function toMessage(
  key: string,
  episode: Episode,
  state: 'raised' | 'repeated' | 'recovered',
  now: number,
  figures?: Figures,
): AlertMessage {
  const { cause: name, subject, first, count, notices } = episode
  const cause = alertCause(name)
  const command = `bevy-bridge ${cause.command(subject)}`
  const id = `${key.slice(0, 16)}-${first.toString(36)}`
  return {
    id: `${id}-${state === 'recovered' ? 'over' : notices}`,
    key,
    thread: `${id}-1`,
    state,
    severity: cause.severity,
    cause: name,
    subject,
    title: state === 'recovered' ? (cause.over?.(subject) ?? `over: ${cause.title(subject)}`) : cause.title(subject),
    text: state === 'recovered' ? overText(episode, now, figures) : troubleText(episode, state, now),
    command,
    at: now,
    since: first,
    count,
  }
}

function troubleText(episode: Episode, state: 'raised' | 'repeated', now: number): string {
  const { cause, message, first, count, untold } = episode
  const sentence = ended(message)
  if (alertCause(cause).kind === 'state' && state === 'repeated') {
    return `Still so after ${coarse(now - first)}, since ${timeOf(first)}. ${sentence}`
  }
  if (state === 'repeated') return `${sentence} It happened ${untold} more times, ${count} since ${timeOf(first)}.`
  return count === 1 ? sentence : `${sentence} It happened ${count} times since ${timeOf(first)}.`
}

function overText({ first, figures: before }: Episode, now: number, after?: Figures): string {
  const lasted = `It lasted ${coarse(now - first)}, since ${timeOf(first)}.`
  if (before === undefined || after === undefined) return lasted
  const [delivered, dead] = [after.delivered - before.delivered, after.dead - before.dead]
  return `${lasted} Jobs delivered since then: ${delivered}, given up: ${dead}.`
}

function ended(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

/** To the minute where that is enough. */
function coarse(ms: number): string {
  return formatDuration(ms < 60_000 ? Math.round(ms / 1000) * 1000 : Math.round(ms / 60_000) * 60_000)
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`
}

/** The message a channel is tried with. */
export function testMessage(channel: string, now: number): AlertMessage {
  const id = `test-${channel}-${now.toString(36)}`
  return {
    id,
    key: id,
    thread: id,
    state: 'test',
    severity: 'info',
    cause: 'test',
    subject: channel,
    title: `a test of the channel ${channel}`,
    text: 'Nothing is wrong: somebody tries whether alerts arrive here.',
    command: 'bevy-bridge alerts test',
    at: now,
    since: now,
    count: 1,
  }
}

/** `[error] crm is paused` in one line. */
export function subjectLine({ state, severity, title }: AlertMessage): string {
  return `${state === 'recovered' ? 'over' : state === 'test' ? 'test' : severity}: ${title}`
}

/** The whole of it as plain text. */
export function plainText(message: AlertMessage): string {
  return `${message.text}\n\nMore: ${message.command}\n`
}
