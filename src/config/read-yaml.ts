import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import type { Located, LocatedEntry, LocatedMap, LocatedScalar } from './located.ts'
import { problemAt } from './problem.ts'
import type { Path, Place, Problem } from './problem.ts'
import { hasBareBraces, QUOTE_IT, toSyntaxProblems } from './yaml-messages.ts'

/** Nodes a file may have once aliases are followed; beyond it aliases are used to blow it up. */
const MAX_NODES = 100_000

/** A file as read. `tree` is absent when its syntax is so broken that its content cannot be looked at. */
export interface YamlFile {
  readonly tree: LocatedMap | undefined
  readonly problems: readonly Problem[]
}

/**
 * Parses one config file into values that know their place. Merge keys (`<<`) and aliases are followed; top-level `x-*` keys
 * and empty sections are left out. Never throws.
 */
export function readYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter()
  // Pretty errors would quote lines of the file, secrets included; unique keys are checked below, with their path.
  const doc = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, uniqueKeys: false })
  const problems = toSyntaxProblems(doc.errors, text, file, lines)
  if (problems.length > 0) return { tree: undefined, problems }
  const reader: Reader = { file, doc: doc as Document, lines, text, problems, nodes: 0 }
  const start = { file, line: 1, column: 1 }
  if (doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null)) {
    return { tree: { kind: 'map', at: start, entries: new Map() }, problems }
  }
  const tree = convert(reader, doc.contents, [], [])
  for (const warning of doc.warnings) {
    const { line, col } = lines.linePos(warning.pos[0])
    problems.push({ file, line, column: col, path: '', message: 'YAML tags (!…) are not used here' })
  }
  if (tree.kind === 'map') return { tree: withoutExtras(tree), problems }
  problems.push(problemAt(tree.at, [], 'the config must be a map (`receiver:`, `destinations:`, `routes:`, …)'))
  return { tree: undefined, problems }
}

interface Reader {
  readonly file: string
  readonly doc: Document
  readonly lines: LineCounter
  readonly text: string
  readonly problems: Problem[]
  nodes: number
}

function withoutExtras(tree: LocatedMap): LocatedMap {
  const kept = [...tree.entries].filter(
    ([key, { node }]) =>
      !key.startsWith('x-') && !(node.kind === 'scalar' && node.value === null && node.broken !== true),
  )
  return { ...tree, entries: new Map(kept) }
}

function placeOf(reader: Reader, node: unknown): Place {
  const range = typeof node === 'object' && node !== null ? (node as Node).range : undefined
  const { line, col } = reader.lines.linePos(range?.[0] ?? 0)
  return { file: reader.file, line, column: col }
}

function broken(reader: Reader, node: unknown, path: Path, message: string, at = placeOf(reader, node)): LocatedScalar {
  reader.problems.push(problemAt(at, path, message))
  return { kind: 'scalar', at, value: null, broken: true }
}

function convert(reader: Reader, node: unknown, path: Path, above: readonly unknown[]): Located {
  const at = placeOf(reader, node)
  reader.nodes += 1
  // Said once; what is left of the bomb is left out.
  if (reader.nodes > MAX_NODES + 1) return { kind: 'scalar', at, value: null, broken: true }
  if (reader.nodes > MAX_NODES) return broken(reader, node, path, 'aliases (*…) repeat too much here')
  if (isAlias(node)) {
    const target = node.resolve(reader.doc)
    if (target === undefined) return broken(reader, node, path, `no anchor &${node.source} above this alias`)
    if (above.includes(target)) return broken(reader, node, path, 'this alias stands inside what it repeats')
    return convert(reader, target, path, above)
  }
  if (isSeq(node)) {
    const items = node.items.map((item, index) => convert(reader, item, [...path, index], [...above, node]))
    return { kind: 'list', at, items }
  }
  if (isMap(node)) return convertMap(reader, node, path, [...above, node])
  if (isScalar(node)) return { kind: 'scalar', at, value: scalarValue(node.value, node.source) }
  // A pair without a value (`a:` in a flow map) has no node.
  return { kind: 'scalar', at, value: null }
}

function scalarValue(value: unknown, source: string | undefined): string | number | boolean | null {
  // Whole numbers beyond 2^53 keep their digits: ids compare as strings.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return source ?? String(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return null
}

function convertMap(reader: Reader, map: YAMLMap, path: Path, above: readonly unknown[]): Located {
  const entries = new Map<string, LocatedEntry>()
  const merged: Pair[] = []
  for (const pair of map.items) {
    if (isScalar(pair.key) && typeof pair.key.value === 'symbol') {
      merged.push(pair)
      continue
    }
    if (pair.key !== null && !isScalar(pair.key)) {
      const text = reader.text.slice(map.range?.[0], map.range?.[1])
      const message = hasBareBraces(text) ? QUOTE_IT : 'a key must be a word, not a map or a list'
      return broken(reader, map, path, message, placeOf(reader, map))
    }
    const key = keyText(pair.key)
    const at = placeOf(reader, pair.key ?? pair.value ?? map)
    if (key === '' || key === '__proto__') {
      reader.problems.push(
        problemAt(at, path, key === '' ? 'a key is missing before the colon' : `${key} cannot be a key`),
      )
    } else if (entries.has(key)) {
      reader.problems.push(problemAt(at, [...path, key], 'written twice; YAML would keep only one'))
    } else {
      const node = convert(reader, pair.value ?? pair.key, [...path, key], above)
      entries.set(key, { at, node: pair.value === null ? { kind: 'scalar', at, value: null } : node })
    }
  }
  for (const pair of merged) mergeKey(reader, pair, path, above, entries)
  return { kind: 'map', at: placeOf(reader, map), entries }
}

function keyText(key: unknown): string {
  if (!isScalar(key)) return ''
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

/** `<<`: what is already there wins; of several maps the first. */
function mergeKey(
  reader: Reader,
  pair: Pair,
  path: Path,
  above: readonly unknown[],
  into: Map<string, LocatedEntry>,
): void {
  if (isPair(pair.value)) return
  const value = convert(reader, pair.value, path, above)
  for (const source of value.kind === 'list' ? value.items : [value]) {
    if (source.kind !== 'map') {
      if (source.kind !== 'scalar' || source.broken !== true) {
        reader.problems.push(problemAt(source.at, path, 'a merge key (<<) takes a map or a list of maps'))
      }
      continue
    }
    for (const [key, entry] of source.entries) if (!into.has(key)) into.set(key, entry)
  }
}
