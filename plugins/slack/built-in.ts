import type { ContextBlock, KnownBlock, SectionBlock } from '@slack/types'
import type { Kind } from './kinds.ts'
import { compileMessage, type MessageSource, type Written } from './message.ts'
import type { Problem } from './structure.ts'

/** `Friday 20 March 2026, 18:00–21:00 (America/Los_Angeles)`: on the clocks of the chapter. */
function span(start: string, end: string): string {
  const day = '%A %-d %B %Y, %H:%M'
  return (
    `{% if ${start} != blank %}{{ ${start} | local: '${day}' }}` +
    `{% if ${end} != blank %}{% assign from = ${start} | local: '%F' %}{% assign to = ${end} | local: '%F' %}–` +
    `{% if from == to %}{{ ${end} | local: '%H:%M' }}{% else %}{{ ${end} | local: '${day}' }}{% endif %}{% endif %}` +
    ` ({{ ${start} | local: '%Z' }}){% endif %}`
  )
}

/** The same, short, of the event of a record. */
export const SHORT_DATE =
  "{% if event.start_date != blank %}{{ event.start_date | local: '%a %-d %b, %H:%M' }}{% endif %}"

/** Bold, with a link where there is one. */
export const EVENT_LINK = "*<{{ event.url }}|{{ event.title | default: 'Untitled event' }}>*"

const TITLE = "{{ event.title | default: 'Untitled event' }}"
const WHEN = span('event.start_date', 'event.end_date')
const WHERE =
  '{% if event.venue_name != blank %}{{ event.venue_name }}{% if event.venue_city != blank %}, {{ event.venue_city }}{% endif %}' +
  '{% else %}{{ event.get_event_address }}{% endif %}'
const NAME = (root: string): string =>
  `{% capture name %}{{ ${root}.first_name }} {{ ${root}.last_name }}{% endcapture %}{{ name | strip | default: ${root}.full_name | default: 'Somebody' }}`
const CHAPTER = '{% if chapter.title != blank %}<{{ chapter.url }}|{{ chapter.title }}>{% endif %}'

/** `verbatim`: a name such as `evil.example` is not made a link. */
const section = (text: string): SectionBlock => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } })
const context = (...texts: readonly string[]): ContextBlock => ({
  type: 'context',
  elements: texts.map((text) => ({ type: 'mrkdwn', text, verbatim: true })),
})
const header = (text: string): KnownBlock => ({ type: 'header', text: { type: 'plain_text', text, emoji: false } })
const field = (label: string, content: string): string =>
  `{% capture shown %}${content}{% endcapture %}{% if shown != blank %}*${label}*\n{{ shown }}{% endif %}`
const DETAILS = context('{% if event.url != blank %}<{{ event.url }}|Details and registration>{% endif %}', CHAPTER)

const announcement: KnownBlock[] = [
  header(TITLE),
  {
    type: 'section',
    fields: [field('When', WHEN), field('Where', WHERE)].map((text) => ({ type: 'mrkdwn', text, verbatim: true })),
  },
  // HTML would stand there as its source.
  section(
    "{% unless event.description_short contains '<' %}{{ event.description_short | truncate: 600 }}{% endunless %}",
  ),
  DETAILS,
]

const canceled: KnownBlock[] = [
  header(`Canceled: ${TITLE}`),
  section(`This event has been canceled.{% if event.start_date != blank %}\n~${WHEN}~{% endif %}`),
  context(CHAPTER),
]

const one = (text: string): Written => ({ text, blocks: [section(text)] })

const WRITTEN: Readonly<Record<Kind, Written>> = {
  'event.published': {
    text: `New event: ${TITLE}{% if event.start_date != blank %}, ${WHEN}{% endif %}`,
    blocks: announcement,
  },
  'event.changed': { text: `Updated: ${TITLE}`, blocks: announcement },
  'event.moved': one(
    `${EVENT_LINK} has changed.` +
      `{% if changed contains 'start_date' or changed contains 'end_date' %}\n*New date:* ${WHEN}` +
      `{% if before.start_date != blank %} (was: ${span('before.start_date', 'before.end_date')}){% endif %}{% endif %}` +
      `{% if changed contains 'venue' %}\n*New place:* {% capture place %}${WHERE}{% endcapture %}{{ place | default: 'not known yet' }}` +
      '{% if before.venue != blank %} (was: {{ before.venue }}){% endif %}{% endif %}',
  ),
  'event.canceled': one(
    `${EVENT_LINK} has been canceled.{% if event.start_date != blank %} It was planned for ${WHEN}.{% endif %}`,
  ),
  'event.withdrawn': {
    text: 'This message has been withdrawn.',
    blocks: [context('_This message has been withdrawn._')],
  },
  'attendee.registered': one(
    `${NAME('record')} registered{% if event.title != blank %} for ${EVENT_LINK}{% endif %}` +
      '{% if record.ticket_title != blank %} ({{ record.ticket_title }}){% endif %}',
  ),
  'attendee.checked_in': one(`${NAME('record')} is here{% if event.title != blank %}: ${EVENT_LINK}{% endif %}`),
  'attendee.canceled': one(`${NAME('record')} canceled{% if event.title != blank %}: ${EVENT_LINK}{% endif %}`),
  'chaptermember.joined': one(
    `${NAME('user')} joined {% if chapter.title != blank %}*${CHAPTER}*{% else %}a chapter{% endif %}`,
  ),
  'chaptermember.left': one(
    `${NAME('user')} left {% if chapter.title != blank %}*${CHAPTER}*{% else %}a chapter{% endif %}`,
  ),
  'chapter.updated': one(
    `{% if before == nil %}New chapter: {% else %}Chapter changed: {% endif %}*${CHAPTER}*` +
      '{% if record.city != blank %} ({{ record.city }}{% if record.country != blank %}, {{ record.country }}{% endif %}){% endif %}',
  ),
  'user.updated': one(`{% if before == nil %}New account: {% else %}Account changed: {% endif %}${NAME('record')}`),
  other: one('{{ type }} {{ record.id }} was received'),
}

/**
 * Waited for by all: the event of an attendee, the chapter's name and zone. A user is shown when known, but not waited for: in many
 * instances of Bevy that switch is off.
 */
const AWAITS = '{{ event.id }}{{ chapter.id }}'

const CANCELED: Written = { text: `Canceled: ${TITLE}`, blocks: canceled }

/** Compiled when first asked for: most who load this plugin have no destination that says all of it. */
const compiled = new Map<Written, MessageSource>()

function compileOnce(written: Written): MessageSource {
  const source = compiled.get(written) ?? compileMessage(written, [], AWAITS)
  compiled.set(written, source)
  return source
}

/** The built-in message of a kind. */
export const builtIn = (kind: Kind): MessageSource => compileOnce(WRITTEN[kind])

/** What takes the place of an announcement when its event is canceled, while `event.canceled` replies. */
export const canceledAnnouncement = (): MessageSource => compileOnce(CANCELED)

/** Problems of built-in templates: none. A test looks. */
export function builtInProblems(): readonly Problem[] {
  const problems: Problem[] = []
  for (const written of [...Object.values(WRITTEN), CANCELED]) compileMessage(written, problems, AWAITS)
  return problems
}
