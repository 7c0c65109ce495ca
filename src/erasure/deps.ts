/** What erasures need of the other edges; the app hands it in. */

import type { Person } from '../core/erasure/person.ts'
import type { IndexGone, Places } from '../core/erasure/places.ts'
import type { Told } from '../core/erasure/told.ts'
import type { ErasedPerson, RetryPolicy } from '../core/plugin-contract.ts'
import type { Alerts, Clock, Log, Store, StoreOp } from '../core/ports.ts'
import type { Json } from '../core/types.ts'

/** A destination the store knows. */
export interface KnownDestination {
  readonly name: string
  readonly slot: string
  readonly plugin: string
  readonly configured: boolean
  /** Its plugin says that it can forget. */
  readonly erases: boolean
  readonly retry?: RetryPolicy | undefined
}

/** All of it. */
export interface ErasureDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  random(): number
  readonly journal: { readonly first: number; readonly tail: number }
  search(
    person: Person,
    span: { readonly from: number; readonly to: number; readonly all: boolean },
    signal: AbortSignal,
  ): Promise<Places>
  purge(person: Person, places: Places): Promise<IndexGone>
  /** Runs `fn` while nothing is indexed and nothing sent. Deliveries are received meanwhile. */
  alone<T>(fn: () => Promise<T>): Promise<T>
  destinations(): Promise<readonly KnownDestination[]>
  readRefs(slot: string, keys: readonly string[]): Promise<readonly { readonly key: string; readonly ref?: Json }[]>
  eraseAt(
    slot: string,
    person: Person,
    gone: { readonly positions: ReadonlySet<string>; readonly ownHeads: ReadonlySet<string> },
    ownState: boolean,
  ): Promise<{
    readonly ops: readonly StoreOp[]
    readonly erased: { readonly waiting: number; readonly dead: number; readonly sent: number; readonly state: number }
  }>
  /** Tells a destination; absent when no bridge runs. */
  readonly tell?: ((name: string, person: ErasedPerson, number: number) => Promise<Told>) | undefined
  settings(): { readonly onBevyDeletion: boolean; readonly exports: boolean }
}
