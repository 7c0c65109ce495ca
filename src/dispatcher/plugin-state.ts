/** Durable state of a plugin: staged in `send`, committed with the flush that settles the jobs of that send. */

import { z } from 'zod'
import { hashKey } from '../core/keys.ts'
import type { PluginState, Store, StoreOp } from '../core/ports.ts'
import type { JsonObject } from '../core/types.ts'
import { keys, parseDocument } from './documents.ts'

const stateDocument = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })

export interface StagedState extends PluginState {
  /** What was staged since the last call, as ops for the flush. */
  take(): StoreOp[]
  /** Forgets what was staged: the send failed. */
  drop(): void
}

/** Reads the state of a destination. `flushed` resolves when what was taken before is on disk: commits keep their order. */
export async function openPluginState(store: Store, slot: string, flushed: () => Promise<void>): Promise<StagedState> {
  const base = keys.state(slot)
  const known = new Map<string, JsonObject>()
  const names = await store.keys(base)
  const documents = await store.getMany(names)
  names.forEach((name, index) => {
    const { key, value } = parseDocument(stateDocument, name, documents[index])
    known.set(key, value as JsonObject)
  })
  let staged = new Map<string, JsonObject | undefined>()

  const take = (): StoreOp[] => {
    const ops = [...staged].map(([key, value]): StoreOp => {
      const name = `${base}:${hashKey(key)}`
      return value === undefined ? { op: 'remove', key: name } : { op: 'set', key: name, value: { key, value } }
    })
    for (const [key, value] of staged) {
      if (value === undefined) known.delete(key)
      else known.set(key, value)
    }
    staged = new Map()
    return ops
  }

  return {
    get: (key) => (staged.has(key) ? staged.get(key) : known.get(key)),
    entries: () => {
      const merged = new Map(known)
      for (const [key, value] of staged) {
        if (value === undefined) merged.delete(key)
        else merged.set(key, value)
      }
      return [...merged]
    },
    set: (key, value) => void staged.set(key, value),
    async commit() {
      const before = staged
      const ops = take()
      if (ops.length === 0) return
      try {
        await flushed()
        await store.commit(ops)
      } catch (error) {
        staged = new Map([...before, ...staged])
        throw error
      }
    },
    take,
    drop: () => void (staged = new Map()),
  }
}
