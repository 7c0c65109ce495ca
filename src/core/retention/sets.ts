import type { KeptPart } from './rules.ts'

/** Something of a set. */
export interface KeptItem {
  /** Its key in the store, or what the set knows it by. */
  readonly key: string
  /** What its age counts from, milliseconds since 1970; Infinity for what stays whatever its age. */
  readonly at: number
  /** Bytes, roughly. */
  readonly size: number
}

/** Documents that are kept for a time, looked through a page at a time. */
export interface KeptSet {
  readonly part: Exclude<KeptPart, 'journal'>
  /** For the log: `sent crm`. */
  readonly name: string
  /** Those after a key, in order; `next` is undefined with the last. */
  page(after: string | undefined): Promise<{ readonly items: readonly KeptItem[]; readonly next: string | undefined }>
  /** Removes those of them that nothing needs by now; resolves with how many. */
  remove(items: readonly KeptItem[]): Promise<number>
}
