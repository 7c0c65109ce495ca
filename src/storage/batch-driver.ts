import type { Driver } from 'unstorage'
import type { StoredEntry, StoreOp, StoreSpace } from '../core/ports.ts'

/** An op on bytes: what is left of a StoreOp when documents are encoded. */
export type RawOp = Exclude<StoreOp, { readonly op: 'set' }>

/** Which keys to list. */
export interface KeyRange {
  /** Without trailing colon; empty for all keys. */
  readonly prefix: string
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** Which values to look at, and how many bytes of each. */
export interface SurveyRange extends KeyRange {
  readonly start: number
}

/** An unstorage driver that can also do these by itself. A driver without them is used key by key. */
export interface BatchDriver extends Driver {
  /** All ops together or none; `expect`s look at the state before the call. The bytes must not change until it settles. */
  commit?(ops: readonly RawOp[]): Promise<void>
  /** Values in the order of the keys. */
  getItemsRaw?(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>
  /** See `Store.survey`. */
  survey?(range: SurveyRange): Promise<StoredEntry[]>
  /** See `Store.shrink`. */
  shrink?(most: number): Promise<StoreSpace>
  /** See `Store.backup`. */
  backup?(file: string, more: readonly (readonly [key: string, value: Uint8Array])[]): Promise<number>
  /** See `Store.scrub`. */
  scrub?(): Promise<void>
  /** Sorted by code unit. */
  listKeys?(range: KeyRange): Promise<string[]>
}
