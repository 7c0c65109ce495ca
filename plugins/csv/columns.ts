/** Which columns a row has. A shape is one header: rows of two shapes never share a file. */

import { createHash } from 'node:crypto'
import type { Job, Json, Mapping } from '../../src/plugin.ts'
import { DOCUMENTED_TYPES, documentedFields } from './documented-fields.ts'

/** One header and how its cells are read. */
export interface Shape {
  /** Hash of header and delimiter. */
  readonly id: string
  readonly headers: readonly string[]
  /** One value per header; undefined and null are empty cells. Throws a BridgeError of kind `record`. */
  cells(job: Job): (Json | undefined)[]
}

/** All shapes a destination can make. */
export interface Shapes {
  of(job: Job): Shape
  /** True for the id of a shape these options make. */
  has(id: string): boolean
}

/** `columns` as configured; `perType` when no columns are named and the path keeps types apart. */
export function createShapes(
  columns: Readonly<Record<string, Mapping>> | undefined,
  perType: boolean,
  delimiter: string,
): Shapes {
  const shape = (headers: readonly string[], cells: Shape['cells']): Shape => ({
    id: createHash('sha256')
      .update(JSON.stringify([delimiter, headers]))
      .digest('hex')
      .slice(0, 32),
    headers,
    cells,
  })

  if (columns !== undefined) {
    const entries = Object.entries(columns)
    const only = shape(
      entries.map(([header]) => header),
      (job) => entries.map(([, mapping]) => mapping.evaluate(job)),
    )
    return { of: () => only, has: (id) => id === only.id }
  }

  const generic = shape(['_delivery', '_received_at', '_type', '_id', '_data'], (job) => [
    ...origin(job),
    job.type,
    job.recordId,
    job.data,
  ])
  const documented = new Map<string, Shape>()
  for (const type of perType ? DOCUMENTED_TYPES : []) {
    const fields = documentedFields(type) ?? []
    documented.set(
      type,
      shape(['_delivery', '_received_at', ...fields, '_extra'], (job) => [
        ...origin(job),
        ...fields.map((field) => job.data[field]),
        rest(job, fields),
      ]),
    )
  }
  const ids = new Set([generic, ...documented.values()].map(({ id }) => id))
  return { of: (job) => documented.get(job.type) ?? generic, has: (id) => ids.has(id) }
}

/** `seq.n`, unique per row of a destination; and the time of receipt. */
function origin({ position, delivery }: Job): Json[] {
  return [`${position.seq}.${position.n}`, delivery.receivedAt]
}

function rest({ data }: Job, fields: readonly string[]): Json | undefined {
  const extra = Object.entries(data).filter(([name]) => !fields.includes(name))
  return extra.length === 0 ? undefined : Object.fromEntries(extra)
}
