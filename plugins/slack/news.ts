import type { Job, JsonObject } from '../../src/plugin.ts'
import type { Kind } from './kinds.ts'
import { factsOf, instant, movesOf, type Ref } from './ref.ts'

/** What a job has to tell, compared with what was told before. */
export type News =
  /** A message of its own. */
  | { readonly say: 'new'; readonly kind: Kind }
  /** The message that stands there is brought up to date, quietly. */
  | { readonly say: 'update'; readonly kind: Kind }
  /** The same, and those who follow it are told. */
  | { readonly say: 'tell'; readonly kind: Kind; readonly moves: readonly string[] }
  /** A neutral line takes the place of the message. */
  | { readonly say: 'withdraw' }
  | { readonly say: 'nothing'; readonly reason: string }

const nothing = (reason: string): News => ({ say: 'nothing', reason })

/** @param now wall clock, milliseconds since 1970 */
export function newsOf(job: Job, told: Ref | undefined, now: number): News {
  if (job.type === 'event') return ofEvent(job, told, now)
  if (isErased(job.data)) {
    return told === undefined ? nothing('the person asked Bevy to be forgotten') : { say: 'withdraw' }
  }
  return ofPerson(job, told)
}

/** Open to all; Bevy's webhooks send the first of these, its REST API the others too. */
const PUBLIC = new Set(['Published', 'Live', 'Completed'])
const NOT_YET = new Set(['Draft', 'Pending'])

function ofEvent(job: Job, told: Ref | undefined, now: number): News {
  const { data, left } = job
  const facts = factsOf(job)
  const status = facts.status ?? ''
  const isAnnounced = told !== undefined && told.gone !== true
  const isHidden = data['is_hidden'] === true || data['is_test'] === true
  const isCanceled = status === 'Canceled'

  // A route for published events loses an event that is canceled: that is news, not a reason to be silent.
  if (isHidden || NOT_YET.has(status) || (left && !isCanceled)) {
    if (isAnnounced) return { say: 'withdraw' }
    return nothing(
      isHidden ? 'the event is hidden or a test' : left ? 'it was not announced' : `the event is ${status}`,
    )
  }
  if (isCanceled) {
    if (isAnnounced) {
      return told.status === 'Canceled'
        ? { say: 'update', kind: 'event.canceled' }
        : { say: 'tell', kind: 'event.canceled', moves: [] }
    }
    return wasPublic(job.before) && !isOver(data, now)
      ? { say: 'new', kind: 'event.canceled' }
      : nothing('it was canceled before it was announced here')
  }
  if (!isAnnounced || told.status === 'Canceled') {
    if (!PUBLIC.has(status)) return nothing('its status is not known to be public')
    return isOver(data, now) ? nothing('the event is over') : { say: 'new', kind: 'event.published' }
  }
  const moves = movesOf(told, facts)
  return moves.length > 0 ? { say: 'tell', kind: 'event.moved', moves } : { say: 'update', kind: 'event.changed' }
}

const STATUS: Readonly<Record<string, Kind>> = {
  registered: 'attendee.registered',
  'checked-in': 'attendee.checked_in',
  deleted: 'attendee.canceled',
}

/** Ends what was said before it, so that a second registration is news again. */
const ENDS: ReadonlySet<Kind> = new Set<Kind>(['attendee.canceled', 'chaptermember.left'])

function ofPerson(job: Job, told: Ref | undefined): News {
  const kind = kindOf(job)
  if (kind === undefined) return nothing('its status is not known')
  const isEnd = ENDS.has(kind)
  if (job.left) {
    if (told === undefined || told.gone === true) return nothing('nothing was told of it')
    if (kind === 'chaptermember.left') return nothing('it matches no route any more')
    return isEnd ? { say: 'update', kind } : { say: 'withdraw' }
  }
  if (kind === 'chapter.updated' || kind === 'user.updated' || kind === 'other') return { say: 'new', kind }
  if (told?.said.includes(kind) === true) return { say: 'update', kind }
  if (isEnd && told === undefined && job.before === undefined) return nothing('it ended before it was told here')
  return { say: 'new', kind }
}

function kindOf({ type, data }: Job): Kind | undefined {
  switch (type) {
    case 'attendee': {
      const status = data['status']
      return typeof status === 'string' && Object.hasOwn(STATUS, status) ? STATUS[status] : undefined
    }
    case 'chaptermember':
      return isGiven(data['departure_date']) ? 'chaptermember.left' : 'chaptermember.joined'
    case 'chapter':
      return 'chapter.updated'
    case 'user':
      return 'user.updated'
    default:
      return 'other'
  }
}

/** What is said of a record after this: ends take back what was said before. */
export function saidAfter(kind: Kind, told: Ref | undefined): Kind[] {
  return ENDS.has(kind) ? [kind] : [...new Set([...(told?.said ?? []), kind])].filter((one) => !ENDS.has(one))
}

/** Bevy deletes people by giving them such an address: https://help.bevy.com */
function isErased({ email, user }: JsonObject): boolean {
  const nested = typeof user === 'object' && user !== null && 'email' in user ? user.email : undefined
  return [email, nested].some((one) => typeof one === 'string' && /^deleted\+.*@bevylabs\.com$/i.test(one.trim()))
}

function isOver({ start_date: start, end_date: end }: JsonObject, now: number): boolean {
  const at = instant(end) ?? instant(start)
  return at !== undefined && at < now
}

function wasPublic(before: JsonObject | undefined): boolean {
  return (
    before !== undefined &&
    PUBLIC.has(String(before['status'])) &&
    before['is_hidden'] !== true &&
    before['is_test'] !== true
  )
}

function isGiven(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
}
