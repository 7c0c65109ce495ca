import type { KnownBlock } from '@slack/types'
import type { Job, JsonObject, Scope, Template } from '../../src/plugin.ts'
import { EVENT_LINK, SHORT_DATE } from './built-in.ts'
import { KIND_NAMES, type Kind } from './kinds.ts'
import { finishMessage, type Message } from './limits.ts'
import { compileMessage, type Written } from './message.ts'
import { compileText, type Problem } from './structure.ts'
import { slackEscape } from './text.ts'

/** A job in a digest, with what is told of it. */
export interface DigestItem {
  readonly job: Job
  readonly kind: Kind
}

/** Makes one message of many jobs. */
export interface DigestSource {
  readonly reads: readonly Template[]
  render(items: readonly DigestItem[]): Message | undefined
}

/** Those of one kind that go together: of one event, of one chapter. */
interface Group {
  readonly kind: Kind
  readonly title: string
  readonly url: string
  readonly jobs: readonly Job[]
}

/** What is said of one, and of several. */
const WORDS: Readonly<Record<Kind, readonly [one: string, many: string]>> = {
  'event.published': ['1 new event', '# new events'],
  'event.changed': ['1 event changed', '# events changed'],
  'event.moved': ['1 event has a new date or place', '# events have a new date or place'],
  'event.canceled': ['1 event was canceled', '# events were canceled'],
  'event.withdrawn': ['1 announcement was withdrawn', '# announcements were withdrawn'],
  'attendee.registered': ['1 person registered', '# people registered'],
  'attendee.checked_in': ['1 person was checked in', '# people were checked in'],
  'attendee.canceled': ['1 person canceled', '# people canceled'],
  'chaptermember.joined': ['1 person joined', '# people joined'],
  'chaptermember.left': ['1 person left', '# people left'],
  'chapter.updated': ['1 chapter was made or changed', '# chapters were made or changed'],
  'user.updated': ['1 account was made or changed', '# accounts were made or changed'],
  other: ['1 other record was received', '# other records were received'],
}
const BETWEEN: Readonly<Record<string, string>> = {
  'attendee.registered': ' for ',
  'attendee.checked_in': ' at ',
  'attendee.canceled': ': ',
  'chaptermember.joined': ' ',
  'chaptermember.left': ' ',
}
const MAX_GROUPS = 40
const MAX_NAMES = 30
const MAX_NAME = 60

const problems: Problem[] = []
const eventLine = compileText(
  `• ${EVENT_LINK}{% if event.start_date != blank %}, ${SHORT_DATE}{% endif %}{% if chapter.title != blank %} ({{ chapter.title }}){% endif %}`,
  [],
  problems,
)

/** The digest that needs no template: a part for each kind and event or chapter, with names as far as they fit. */
export const builtInDigest: DigestSource = {
  reads: [],
  render(items) {
    const groups = groupsOf(items)
    const blocks: KnownBlock[] = groups.slice(0, MAX_GROUPS).map((group) => ({
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: [`*${headline(group)}*`, detail(group)].filter((line) => line !== '').join('\n'),
        verbatim: true,
      },
    }))
    const left = groups.slice(MAX_GROUPS).reduce((sum, { jobs }) => sum + jobs.length, 0)
    if (left > 0) blocks.push({ type: 'context', elements: [{ type: 'mrkdwn', text: `and ${left} more` }] })
    const text = groups.map(headline).join('\n')
    return finishMessage({ text, blocks: blocks as unknown as readonly JsonObject[] })
  },
}

/** A digest the config writes: its templates see it as `record`, and `event` and `chapter` where all share one. */
export function compileDigest(written: Written): DigestSource {
  const { reads, render } = compileMessage(written, [])
  return { reads, render: (items) => (items.length === 0 ? undefined : render(toScope(items))) }
}

function toScope(items: readonly DigestItem[]): Scope {
  const jobs = items.map(({ job }) => job)
  const first = jobs[0] as Job
  const groups = groupsOf(items).map(({ kind, title, url, jobs: members }) => ({
    kind,
    title,
    url,
    count: members.length,
    names: members.map(nameOf),
  }))
  const record = { count: items.length, names: jobs.map(nameOf), groups }
  const { delivery, timezone, tables } = first
  const shared = (root: 'event' | 'chapter'): Partial<Scope> => {
    const id = first[root]?.['id']
    return id !== undefined && jobs.every((job) => job[root]?.['id'] === id) ? { [root]: first[root] } : {}
  }
  return {
    type: 'digest',
    record,
    changed: [],
    answers: {},
    delivery,
    waiting: {},
    ...(timezone === undefined ? {} : { timezone }),
    ...(tables === undefined ? {} : { tables }),
    ...shared('event'),
    ...shared('chapter'),
  }
}

function groupsOf(items: readonly DigestItem[]): Group[] {
  const about = ({ kind, job }: DigestItem): JsonObject | undefined =>
    kind.startsWith('attendee.') ? job.event : kind.startsWith('chaptermember.') ? job.chapter : undefined
  const groups = Map.groupBy(items, (item) => JSON.stringify([item.kind, String(about(item)?.['id'] ?? '')]))
  const made = [...groups.values()].map((members): Group => {
    const [first] = members
    const subject = first === undefined ? undefined : about(first)
    return {
      kind: first?.kind ?? 'other',
      title: textOf(subject?.['title']),
      url: textOf(subject?.['url']),
      jobs: members.map(({ job }) => job),
    }
  })
  return made.sort((a, b) => KIND_NAMES.indexOf(a.kind) - KIND_NAMES.indexOf(b.kind) || b.jobs.length - a.jobs.length)
}

/** Marked text: `37 people registered for <url|Spring Meetup>`. */
function headline({ kind, title, url, jobs }: Group): string {
  const [one, many] = WORDS[kind]
  const words = jobs.length === 1 ? one : many.replace('#', String(jobs.length))
  return title === '' ? words : `${words}${BETWEEN[kind] ?? ' '}<${slackEscape(url)}|${slackEscape(title)}>`
}

function detail({ kind, jobs }: Group): string {
  const isEvent = kind.startsWith('event.')
  const all = isEvent
    ? jobs.map((job) => eventLine?.render(job) ?? '')
    : jobs.map((job) => slackEscape(nameOf(job))).filter((name) => name !== '')
  const shown = all.slice(0, MAX_NAMES)
  const more = shown.length === 0 || all.length === shown.length ? [] : [`and ${all.length - shown.length} more`]
  return [...shown, ...more].join(isEvent ? '\n' : ', ')
}

/** First and last name, cut; empty where a record names nobody. */
function nameOf({ type, data, user }: Job): string {
  const person = type === 'chaptermember' ? user : type === 'attendee' || type === 'user' ? data : undefined
  const parts = [textOf(person?.['first_name']), textOf(person?.['last_name'])].filter((part) => part !== '')
  const name =
    parts.length > 0 ? parts.join(' ') : type === 'chapter' ? textOf(data['title']) : textOf(person?.['full_name'])
  const points = Array.from(name)
  return points.length > MAX_NAME ? `${points.slice(0, MAX_NAME - 1).join('')}…` : name
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}
