/** JSON text as a tree that knows where in the text each value stands, so that a part can be replaced and all else stays as it is. */

/** One value; `start` to `end` (exclusive) is its place in the text. */
export type Node = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Node])[] }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'other'; readonly text: string }
)

/** A replacement of part of a text. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

const SPACE = /[ \t\r\n]*/y
const WORD = /[^\s,\]}]+/y

/** Reads text that `JSON.parse` takes; throws a SyntaxError for what is no JSON, of which it does not find everything. Recursive: bound the depth before. */
export function parseTree(text: string): Node {
  let at = 0
  const skip = (): void => void take(SPACE)

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }

  function expect(character: string): void {
    skip()
    if (text[at] !== character) throw new SyntaxError('not JSON')
    at++
  }

  function readString(): string {
    if (text[at] !== '"') throw new SyntaxError('not JSON')
    const start = at++
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    return JSON.parse(text.slice(start, ++at)) as string
  }

  /** The values between brackets, each read by `one`. */
  function list<T>(close: string, one: () => T): T[] {
    at++
    const found: T[] = []
    skip()
    if (text[at] === close) {
      at++
      return found
    }
    for (;;) {
      found.push(one())
      skip()
      const next = text[at++]
      if (next === close) return found
      if (next !== ',') throw new SyntaxError('not JSON')
    }
  }

  function readValue(): Node {
    skip()
    const start = at
    switch (text[at]) {
      case '{': {
        const entries = list('}', () => {
          skip()
          const key = readString()
          expect(':')
          return [key, readValue()] as const
        })
        return { kind: 'object', entries, start, end: at }
      }
      case '[': {
        const items = list(']', readValue)
        return { kind: 'array', items, start, end: at }
      }
      case '"': {
        const value = readString()
        return { kind: 'string', value, start, end: at }
      }
      default: {
        const found = take(WORD)
        if (found === undefined) throw new SyntaxError('not JSON')
        return { kind: 'other', text: found, start, end: at }
      }
    }
  }

  return readValue()
}

/** The value of a key; the last one counts, as in `JSON.parse`. */
export function entryOf(node: Node, key: string): Node | undefined {
  return node.kind === 'object' ? node.entries.findLast(([name]) => name === key)?.[1] : undefined
}

/** The text with all edits made; they must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}
