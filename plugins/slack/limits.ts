import type { Json, JsonObject } from '../../src/plugin.ts'
import { finishMarkup, finishPlain } from './text.ts'

/** A message as it is sent. */
export interface Message {
  readonly text: string
  /** Absent: the text is the message. */
  readonly blocks?: readonly JsonObject[]
}

/** A message as its templates left it; texts still hold marks (see text.ts). */
export interface Draft {
  readonly text?: string
  readonly blocks?: Json
}

/** Characters of all texts of a message; Slack refuses from some 11,000 on (https://github.com/slackapi/bolt-js/issues/2509). */
const MAX_ALL = 10_000
/** Of the text alone: beside blocks it only stands in notifications; alone, `chat.update` refuses from 4,000 on. */
const MAX_TEXT = { alone: 3500, besideBlocks: 1000 }
const MAX_BLOCKS = 50
/** See https://docs.slack.dev/reference/block-kit; by type and field of what holds the text object. */
const MAX_IN: Readonly<Record<string, number>> = {
  'header.text': 150,
  'section.text': 3000,
  'section.fields': 2000,
  'button.text': 75,
  'image.title': 2000,
  'card.title': 150,
  'card.subtitle': 150,
  'card.body': 200,
  'container.title': 150,
  'container.subtitle': 150,
}
const MAX_ANY = 3000
const MAX_ITEMS: Readonly<Record<string, number>> = {
  'section.fields': 10,
  'context.elements': 10,
  'actions.elements': 25,
  'context_actions.elements': 5,
}
const MAX_PLAIN: Readonly<Record<string, number>> = { value: 2000, alt_text: 2000, action_id: 255, block_id: 255 }
const MAX_URL = 3000

/**
 * Escapes, cuts and prunes until Slack takes it: texts are cut at their limits, empty ones dropped with whatever cannot stand
 * without them, blocks above 50 and texts beyond 10,000 characters in all left out. Undefined when nothing is left.
 */
export function finishMessage(draft: Draft): Message | undefined {
  const given = Array.isArray(draft.blocks) ? (draft.blocks as readonly Json[]) : []
  const limit = given.length > 0 ? MAX_TEXT.besideBlocks : MAX_TEXT.alone
  const text = finishMarkup((draft.text ?? '').trim(), limit)
  const budget = { left: MAX_ALL - limit }
  const blocks = given
    .flatMap((block) => finish(block, '', budget) ?? [])
    .filter(isObject)
    .slice(0, MAX_BLOCKS)
  if (blocks.length > 0) return { text: text === '' ? firstText(blocks) : text, blocks }
  return text === '' ? undefined : { text }
}

interface Budget {
  left: number
}

/** `place` is `type.field` of what holds the node. */
function finish(node: Json, place: string, budget: Budget): Json | undefined {
  if (Array.isArray(node)) {
    const items = (node as readonly Json[]).flatMap((inner) => finish(inner, place, budget) ?? [])
    return items.length === 0 ? undefined : items.slice(0, MAX_ITEMS[place])
  }
  return isObject(node) ? finishObject(node, place, budget) : node
}

function finishObject(node: JsonObject, place: string, budget: Budget): JsonObject | undefined {
  const type = typeof node['type'] === 'string' ? node['type'] : ''
  const done: Record<string, Json> = {}
  for (const [key, value] of Object.entries(node)) {
    const inner =
      typeof value === 'string' ? finishText(key, value, place, budget) : finish(value, `${type}.${key}`, budget)
    if (inner !== undefined && inner !== '') done[key] = inner
  }
  return NEEDS.some(([types, fields]) => types.includes(type) && !fields.some((field) => field in done)) ||
    ('url' in node && !('url' in done))
    ? undefined
    : done
}

/** What a type cannot do without: at least one of these fields. */
const NEEDS: readonly (readonly [types: readonly string[], fields: readonly string[]])[] = [
  [['plain_text', 'mrkdwn', 'text', 'markdown', 'header', 'button', 'raw_text'], ['text']],
  [['section'], ['text', 'fields']],
  [
    ['context', 'actions', 'context_actions', 'rich_text', 'rich_text_section', 'rich_text_list', 'rich_text_quote'],
    ['elements'],
  ],
  [['image'], ['image_url', 'slack_file']],
]

function finishText(key: string, value: string, place: string, budget: Budget): string {
  if (key === 'text') {
    if (budget.left < 1) return ''
    const text = finishMarkup(value.trim() === '' ? '' : value, Math.min(MAX_IN[place] ?? MAX_ANY, budget.left))
    budget.left -= text.length
    return text === '…' ? '' : text
  }
  const text = finishPlain(value, MAX_PLAIN[key])
  // Half a URL leads nowhere.
  return /(?:^|_)url$/.test(key) && text.length > MAX_URL ? '' : text
}

function firstText(node: Json): string {
  if (Array.isArray(node)) {
    for (const inner of node as readonly Json[]) {
      const found = firstText(inner)
      if (found !== '') return found
    }
    return ''
  }
  if (!isObject(node)) return ''
  const { text } = node
  return typeof text === 'string' ? text : firstText(Object.values(node))
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
