/** What came of telling a destination to forget a person. */
export type Told =
  | { readonly state: 'told' }
  /** It does not, and never will by itself. */
  | { readonly state: 'cannot'; readonly reason: string }
  /** Not this time. `refused`: it said no, and a person may have to look. */
  | { readonly state: 'later'; readonly reason: string; readonly refused: boolean; readonly after?: number }
  /** Nothing may be sent to it now. */
  | { readonly state: 'paused' }
