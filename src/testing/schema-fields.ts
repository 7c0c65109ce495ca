import { z } from 'zod'

/** A field somewhere in the options. */
export interface OptionField {
  /** `contacts.properties` */
  readonly path: string
  readonly isDescribed: boolean
  readonly isSecret: boolean
  /** It may hold a text. */
  readonly isText: boolean
}

type Node = Readonly<Record<string, unknown>>

/** Every field of the options' JSON Schema, nested ones too. Throws when the schema cannot be written as JSON Schema. */
export function fieldsOf(schema: z.ZodType): OptionField[] {
  const root = z.toJSONSchema(schema, { io: 'input' }) as Node
  const found = new Map<string, OptionField>()
  const seen = new Set<unknown>()

  const visit = (node: unknown, path: string): void => {
    if (!isNode(node) || seen.has(node)) return
    seen.add(node)
    if (isNode(node.properties)) {
      for (const [name, field] of Object.entries(node.properties)) {
        const inner = path === '' ? name : `${path}.${name}`
        found.set(inner, {
          path: inner,
          isDescribed: says(root, field, (at) => typeof at.description === 'string' && at.description.trim() !== ''),
          isSecret: says(root, field, (at) => at.writeOnly === true),
          isText: says(root, field, (at) => at.type === 'string'),
        })
        visit(field, inner)
      }
    }
    visit(resolve(root, node), path)
    for (const inner of branches(node)) visit(inner, path)
  }
  visit(root, '')
  return [...found.values()]
}

/** The field itself, what it refers to, its alternatives or its items say so. */
function says(root: Node, field: unknown, test: (node: Node) => boolean, depth = 0): boolean {
  if (!isNode(field) || depth > 5) return false
  return test(field) || [resolve(root, field), ...branches(field)].some((inner) => says(root, inner, test, depth + 1))
}

function branches({ anyOf, oneOf, allOf, items, additionalProperties }: Node): unknown[] {
  return [anyOf, oneOf, allOf, items, additionalProperties].flat()
}

function resolve(root: Node, { $ref: reference }: Node): unknown {
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return undefined
  let at: unknown = root
  for (const name of reference.slice(2).split('/')) at = isNode(at) ? at[name] : undefined
  return at
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
