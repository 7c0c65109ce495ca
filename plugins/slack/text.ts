/**
 * Text as Slack reads it. While a message is made, what comes from a record holds single marks of the private use area where it
 * has characters Slack would read as markup; so a text is cut before it is escaped, and no entity is ever split. What the author of
 * a template wrote holds the characters themselves and stays markup.
 */

const MARKS: Readonly<Record<string, string>> = { '&': '\ue000', '<': '\ue001', '>': '\ue002', '|': '\ue003' }
/** Before data that begins like a mention. */
const START = '\ue004'

/** See https://docs.slack.dev/messaging/formatting-message-text#escaping: these three and no others. */
const ENTITIES: Readonly<Record<string, string>> = {
  '\ue000': '&amp;',
  '\ue001': '&lt;',
  '\ue002': '&gt;',
  '\ue003': '|',
  [START]: '',
}
const CHARACTERS: Readonly<Record<string, string>> = {
  '\ue000': '&',
  '\ue001': '<',
  '\ue002': '>',
  '\ue003': '|',
  [START]: '',
}
/** Inside the URL of a link, where `|` and `>` would end it. */
const IN_URL: Readonly<Record<string, string>> = {
  '\ue000': '&amp;',
  '\ue001': '%3C',
  '\ue002': '%3E',
  '\ue003': '%7C',
  [START]: '',
  ' ': '%20',
  '\n': '%0A',
  '\r': '%0D',
  '\t': '%09',
}

/** Marks what comes from a record. For `template({ escape: slackEscape })`; marking twice is the same as once. */
export function slackEscape(text: string): string {
  const marked = text.toWellFormed().replace(/[&<>|]/g, (character) => MARKS[character] ?? '')
  return /^[\s\p{Cf}]*[!@#]/u.test(marked) ? START + marked : marked
}

/** Turns a marked text into mrkdwn of at most `limit` UTF-16 units; cut at a code point, or inside the label of a link. */
export function finishMarkup(marked: string, limit: number): string {
  const tokens = tokensOf(marked)
  const whole = tokens.map(toText).join('')
  if (whole.length <= limit) return whole
  let cut = ''
  for (const token of tokens) {
    const text = toText(token)
    if (cut.length + text.length < limit) {
      cut += text
      continue
    }
    if (typeof token === 'string') break
    const room = limit - cut.length - token.open.length - '…>'.length
    const label = token.label === undefined || room < 1 ? '' : take(token.label, room)
    return label === '' ? end(cut) : `${cut}${token.open}${end(label)}>`
  }
  return end(cut)
}

/** Turns a marked text into what it says, for places Slack does not read as markup: a URL, a value, an `alt_text`. */
export function finishPlain(marked: string, limit = Infinity): string {
  const text = marked.toWellFormed().replace(/[\ue000-\ue004]/g, (mark) => CHARACTERS[mark] ?? '')
  return text.length <= limit ? text : end(take([...text], limit - 1))
}

/** Markup of the author of a template: `<https://…|label>`, `<!here>`. */
interface Link {
  readonly open: string
  /** Final pieces, none of which may be split. */
  readonly label: readonly string[] | undefined
}

function toText(token: string | Link): string {
  if (typeof token === 'string') return token
  return token.label === undefined ? `${token.open}>` : `${token.open}${token.label.join('')}>`
}

function tokensOf(marked: string): (string | Link)[] {
  const found = marked.toWellFormed().matchAll(/<([^<>]*)>|<|[^<]+/g)
  return [...found].flatMap(([text, inner]) => {
    if (inner !== undefined) return toLink(inner)
    return text === '<' ? [ENTITIES['\ue001'] as string] : pieces(text)
  })
}

function toLink(inner: string): (string | Link)[] {
  const [, target = '', label] = /^([^|]*)(?:\|([^]*))?$/.exec(inner) ?? []
  const shown = label === undefined ? undefined : pieces(label.replace(/\s+/g, ' ').trim())
  // A record may fill in a URL, never a mention such as !channel.
  if (target.trim() === '' || target.trimStart().startsWith(START)) return shown ?? pieces(target)
  const isMention = /^[!@#]/.test(target)
  const encoded = isMention ? finishPlain(target) : target.trim().replace(/[\ue000-\ue004\s]/g, (c) => IN_URL[c] ?? '')
  return [
    shown === undefined || shown.length === 0
      ? { open: `<${encoded}`, label: undefined }
      : { open: `<${encoded}|`, label: shown },
  ]
}

function pieces(text: string): string[] {
  return Array.from(text, (point) => ENTITIES[point] ?? point)
}

function take(all: readonly string[], limit: number): string {
  let taken = ''
  for (const piece of all) {
    if (taken.length + piece.length > limit) break
    taken += piece
  }
  return taken
}

function end(text: string): string {
  return `${text.trimEnd()}…`
}
