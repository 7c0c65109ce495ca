/** A deletion in Bevy, noted with the index entry of the record that told of it, so that it survives a crash. */

import { z } from 'zod'
import { hashKey } from '../keys.ts'
import type { StoreOp } from '../ports.ts'
import type { BevyRecord, Position } from '../types.ts'
import { isAnonymous, userIdOf } from './person.ts'

/** Prefix of the notes. */
export const ORDERS = 'erasing'

export const orderDocument = z.object({
  v: z.literal(1),
  /** When the record came, milliseconds since 1970. */
  at: z.number(),
  position: z.object({ seq: z.number(), n: z.number() }),
  /** Id of the account, or the key of a record without one. */
  user: z.string().optional(),
  key: z.string().optional(),
})

/** A deletion that has not been carried out. */
export type Order = Readonly<z.infer<typeof orderDocument>>

/** The note of a record that Bevy has made anonymous; undefined for any other. One note for all records of an account. */
export function orderOf({ type, key, data }: BevyRecord, position: Position, at: number): StoreOp | undefined {
  if (!isAnonymous(data)) return undefined
  const user = userIdOf(type, data)
  if (user === undefined && (type === 'event' || type === 'chapter')) return undefined
  const value: Order = { v: 1, at, position, ...(user === undefined ? { key } : { user }) }
  return { op: 'set', key: `${ORDERS}:${hashKey(user === undefined ? key : `user:${user}`)}`, value }
}
