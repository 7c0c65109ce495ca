/**
 * What the bridge asks of Bevy's REST API, and what it gets. Nothing here throws for what Bevy answers: each answer is a state, so
 * that whoever asked decides.
 */

import type { JsonObject } from '../types.ts'

/** A list that comes in pages. */
export type RestList =
  | { readonly state: 'events' }
  | { readonly state: 'attendees'; readonly event: string }
  | { readonly state: 'members'; readonly chapter: string }

/** Parameters of one page, as Bevy named them in the link to it; empty: the first. */
export type PageQuery = Readonly<Record<string, string>>

/** A page of a list. */
export interface RestPage {
  readonly records: readonly JsonObject[]
  /** Absent: it is the last. */
  readonly next?: PageQuery
}

/**
 * What came of a request. `again`: not now (429, 5xx, no answer); `refused`: the token, or its rights (401, 403); `odd`: an answer
 * that cannot be used, and would be the same again. `reason` quotes nothing of the answer.
 */
export type RestAnswer<T> =
  | { readonly state: 'found'; readonly value: T }
  | { readonly state: 'none' }
  | { readonly state: 'again'; readonly reason: string; readonly after?: number }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'odd'; readonly reason: string }

/** Types that are read by id. */
export type RestType = 'event' | 'chapter' | 'user'

/** Bevy's REST API. `signal` ends a request; it then rejects. */
export interface RestApi {
  page(list: RestList, query: PageQuery, signal: AbortSignal): Promise<RestAnswer<RestPage>>
  record(type: RestType, id: string, signal: AbortSignal): Promise<RestAnswer<JsonObject>>
  close(): Promise<void>
}
