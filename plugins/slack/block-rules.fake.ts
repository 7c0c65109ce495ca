/**
 * What Slack refuses in a message, as its documentation and the comments of @slack/types say:
 * https://docs.slack.dev/reference/block-kit/blocks. Knows the blocks this plugin sends and those its users would write.
 */

type Node = Readonly<Record<string, unknown>>
type Complain = (problem: string, pointer: string) => void

/** Characters of all texts; Slack refuses from some 11,000 on, we promise 10,000. */
const MAX_ALL = 10_000

/** Lines such as `[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]`; empty when all is well. */
export function blockProblems(blocks: unknown): string[] {
  const problems: string[] = []
  const complain: Complain = (problem, pointer) => void problems.push(`[ERROR] ${problem} [json-pointer:${pointer}]`)
  if (!Array.isArray(blocks)) return ['[ERROR] must be an array [json-pointer:/blocks]']
  if (blocks.length > 50) complain('no more than 50 items allowed', '/blocks')
  for (const [index, block] of blocks.entries()) checkBlock(block, `/blocks/${index}`, complain)
  return problems
}

/** The sum over all texts is too much. */
export function isTooLong(blocks: unknown): boolean {
  return textLength(blocks) > MAX_ALL
}

function textLength(node: unknown): number {
  if (Array.isArray(node)) return node.reduce<number>((sum, inner) => sum + textLength(inner), 0)
  if (!isNode(node)) return 0
  return Object.entries(node).reduce(
    (sum, [key, value]) => sum + (key === 'text' && typeof value === 'string' ? value.length : textLength(value)),
    0,
  )
}

function checkBlock(block: unknown, at: string, complain: Complain): void {
  if (!isNode(block)) return complain('must be an object', at)
  const { type } = block
  if (typeof block['block_id'] === 'string' && block['block_id'].length > 255) complain('too long', `${at}/block_id`)
  switch (type) {
    case 'divider':
      return only(block, ['type', 'block_id'], at, complain)
    case 'header':
      only(block, ['type', 'block_id', 'text'], at, complain)
      return checkText(block['text'], 150, ['plain_text'], `${at}/text`, complain)
    case 'section':
      return checkSection(block, at, complain)
    case 'context':
      only(block, ['type', 'block_id', 'elements'], at, complain)
      return each(block['elements'], 10, `${at}/elements`, complain, (element, place) =>
        isNode(element) && element['type'] === 'image'
          ? checkImage(element, place, complain)
          : checkText(element, 3000, ['plain_text', 'mrkdwn'], place, complain),
      )
    case 'actions':
      only(block, ['type', 'block_id', 'elements'], at, complain)
      return each(block['elements'], 25, `${at}/elements`, complain, (element, place) =>
        checkButton(element, place, complain),
      )
    case 'image':
      return checkImage(block, at, complain)
    case 'markdown':
      only(block, ['type', 'block_id', 'text'], at, complain)
      if (typeof block['text'] !== 'string' || block['text'] === '' || block['text'].length > 12_000)
        complain('must be 1 to 12000 characters', `${at}/text`)
      return
    default:
      return complain('unsupported type', `${at}/type`)
  }
}

function checkSection(block: Node, at: string, complain: Complain): void {
  only(block, ['type', 'block_id', 'text', 'fields', 'accessory', 'expand'], at, complain)
  if (block['text'] === undefined && block['fields'] === undefined) complain('missing required field: text', at)
  if (block['text'] !== undefined) checkText(block['text'], 3000, ['plain_text', 'mrkdwn'], `${at}/text`, complain)
  if (block['fields'] !== undefined) {
    each(block['fields'], 10, `${at}/fields`, complain, (field, place) =>
      checkText(field, 2000, ['plain_text', 'mrkdwn'], place, complain),
    )
  }
  const { accessory } = block
  if (accessory === undefined) return
  if (isNode(accessory) && accessory['type'] === 'image') checkImage(accessory, `${at}/accessory`, complain)
  else checkButton(accessory, `${at}/accessory`, complain)
}

function checkText(text: unknown, max: number, types: readonly string[], at: string, complain: Complain): void {
  if (!isNode(text)) return complain('must be an object', at)
  const { type, text: value } = text
  if (typeof type !== 'string' || !types.includes(type))
    return complain(`must be one of ${types.join(', ')}`, `${at}/type`)
  only(text, type === 'mrkdwn' ? ['type', 'text', 'verbatim'] : ['type', 'text', 'emoji'], at, complain)
  if (typeof value !== 'string' || value.length < 1) return complain('must be more than 0 characters', `${at}/text`)
  if (value.length > max) complain(`must be less than ${max + 1} characters`, `${at}/text`)
  if (!value.isWellFormed()) complain('is not well formed', `${at}/text`)
  // An entity cut in two, or a character that had to be escaped: https://docs.slack.dev/messaging/formatting-message-text#escaping
  if (/&(?!(?:amp|lt|gt);)/.test(value)) complain('has a bare ampersand', `${at}/text`)
  if (/<[^>]*$/.test(value)) complain('has a link without an end', `${at}/text`)
}

function checkButton(button: unknown, at: string, complain: Complain): void {
  if (!isNode(button) || button['type'] !== 'button') return complain('unsupported type', `${at}/type`)
  only(button, ['type', 'text', 'url', 'value', 'action_id', 'style', 'confirm', 'accessibility_label'], at, complain)
  checkText(button['text'], 75, ['plain_text'], `${at}/text`, complain)
  checkUrl(button['url'], `${at}/url`, complain, false)
}

function checkImage(image: Node, at: string, complain: Complain): void {
  only(image, ['type', 'block_id', 'image_url', 'alt_text', 'title', 'slack_file'], at, complain)
  if (typeof image['alt_text'] !== 'string' || image['alt_text'].length > 2000)
    complain('missing required field: alt_text', at)
  checkUrl(image['image_url'], `${at}/image_url`, complain, image['slack_file'] === undefined)
}

function checkUrl(url: unknown, at: string, complain: Complain, isNeeded: boolean): void {
  if (url === undefined && !isNeeded) return
  if (typeof url !== 'string' || url.length > 3000 || !/^https?:\/\//.test(url)) complain('invalid url', at)
}

function each(
  list: unknown,
  max: number,
  at: string,
  complain: Complain,
  check: (item: unknown, at: string) => void,
): void {
  if (!Array.isArray(list) || list.length === 0) return complain('must be an array of at least 1 item', at)
  if (list.length > max) complain(`no more than ${max} items allowed`, at)
  for (const [index, item] of list.entries()) check(item, `${at}/${index}`)
}

function only(node: Node, keys: readonly string[], at: string, complain: Complain): void {
  for (const key of Object.keys(node)) if (!keys.includes(key)) complain(`additional property: ${key}`, at)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
