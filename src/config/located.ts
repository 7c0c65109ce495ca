import type { Path, Place } from './problem.ts'

/** A parsed config value that knows where it came from, whatever file that was. */
export type Located = LocatedScalar | LocatedList | LocatedMap

export interface LocatedScalar {
  readonly kind: 'scalar'
  readonly at: Place
  readonly value: string | number | boolean | null
  /** The text a whole reference stood for, where YAML reads another type from it: `8080`. A field that wants text gets this. */
  readonly text?: string
  /** A problem was already reported here; later checks keep quiet about it. */
  readonly broken?: boolean
}

export interface LocatedList {
  readonly kind: 'list'
  readonly at: Place
  readonly items: readonly Located[]
}

export interface LocatedMap {
  readonly kind: 'map'
  readonly at: Place
  readonly entries: ReadonlyMap<string, LocatedEntry>
}

export interface LocatedEntry {
  /** Where the key stands. */
  readonly at: Place
  readonly node: Located
}

/** Puts `over` on `under`: maps merge key by key, everything else is replaced. Each value keeps its own place. */
export function mergeLocated(under: Located, over: Located): Located {
  if (under.kind !== 'map' || over.kind !== 'map') return over
  const entries = new Map(under.entries)
  for (const [key, entry] of over.entries) {
    const below = entries.get(key)
    entries.set(key, below === undefined ? entry : { at: entry.at, node: mergeLocated(below.node, entry.node) })
  }
  return { kind: 'map', at: over.at, entries }
}

/** The same tree with another entry at a path; where the path leads through anything but maps, nothing changes. */
export function withEntryAt(node: Located, path: readonly string[], entry: LocatedEntry): Located {
  const [key, ...rest] = path
  if (node.kind !== 'map' || key === undefined) return node
  const below = node.entries.get(key)
  if (rest.length > 0 && below === undefined) return node
  const inside =
    below === undefined || rest.length === 0 ? entry : { ...below, node: withEntryAt(below.node, rest, entry) }
  return { ...node, entries: new Map(node.entries).set(key, inside) }
}

/** The plain value; scalars in `asText` give the text they were read from. */
export function toPlain(node: Located, asText?: ReadonlySet<Located>): unknown {
  if (node.kind === 'scalar') return asText?.has(node) === true ? node.text : node.value
  if (node.kind === 'list') return node.items.map((item) => toPlain(item, asText))
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toPlain(entry.node, asText)]))
}

/** The same tree with every scalar put through `change`. Structure, keys and places stay. */
export function mapScalars(
  node: Located,
  change: (scalar: LocatedScalar, path: Path) => LocatedScalar,
  path: Path = [],
): Located {
  if (node.kind === 'scalar') return change(node, path)
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item, index) => mapScalars(item, change, [...path, index])) }
  }
  const entries = new Map<string, LocatedEntry>()
  for (const [key, entry] of node.entries) {
    entries.set(key, { at: entry.at, node: mapScalars(entry.node, change, [...path, key]) })
  }
  return { ...node, entries }
}

/** The child under a name or index. */
export function childOf(node: Located | undefined, step: string | number): Located | undefined {
  if (node?.kind === 'map') return node.entries.get(String(step))?.node
  if (node?.kind === 'list') return node.items[Number(step)]
  return undefined
}

/** A text under a name: not empty, and nothing reported about it yet. */
export function textAt(node: Located | undefined, key: string): string | undefined {
  const child = childOf(node, key)
  const usable = child?.kind === 'scalar' && child.broken !== true && child.value !== ''
  return usable && typeof child.value === 'string' ? child.value : undefined
}

/** The node at a path; undefined where there is none. */
export function nodeAt(node: Located, path: Path): Located | undefined {
  let found: Located | undefined = node
  for (const step of path) found = childOf(found, step)
  return found
}

/** The place of the value at a path or, where it is missing, of the key or value nearest above it. */
export function placeAt(node: Located, path: Path): Place {
  let current = node
  let at = node.at
  for (const step of path) {
    const next = childOf(current, step)
    if (next === undefined) return at
    at = next.kind === 'map' && current.kind === 'map' ? (current.entries.get(String(step))?.at ?? next.at) : next.at
    current = next
  }
  return current.at
}

/** The place of the key at the end of a path, else of the value. */
export function keyPlaceAt(node: Located, path: Path): Place {
  const parent = nodeAt(node, path.slice(0, -1))
  const key = path.at(-1)
  const entry = parent?.kind === 'map' && key !== undefined ? parent.entries.get(String(key)) : undefined
  return entry?.at ?? placeAt(node, path)
}

/** True when something at, above or below the path is already known to be wrong. */
export function isBroken(node: Located, path: Path): boolean {
  const found = nodeAt(node, path)
  return found === undefined ? false : hasBroken(found)
}

function hasBroken(node: Located): boolean {
  if (node.kind === 'scalar') return node.broken === true
  if (node.kind === 'list') return node.items.some(hasBroken)
  return [...node.entries.values()].some((entry) => hasBroken(entry.node))
}
