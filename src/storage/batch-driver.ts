import type { Driver } from 'unstorage'
import type { StoreOp } from '../core/ports.ts'

/** An op on bytes: what is left of a StoreOp when documents are encoded. */
export type RawOp = Exclude<StoreOp, { readonly op: 'set' }>

/** Which keys to list. */
export interface KeyRange {
  /** Without trailing colon; empty for all keys. */
  readonly prefix: string
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** An unstorage driver that can also do these by itself. A driver without them is used key by key. */
export interface BatchDriver extends Driver {
  /** All ops together or none; `expect`s look at the state before the call. The bytes must not change until it settles. */
  commit?(ops: readonly RawOp[]): Promise<void>
  /** Values in the order of the keys. */
  getItemsRaw?(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>
  /** Sorted by code unit. */
  listKeys?(range: KeyRange): Promise<string[]>
}
