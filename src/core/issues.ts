/** Something wrong with a piece of config, at a path inside it. */
export interface Issue {
  /** Keys and indexes from the piece that was looked at; empty for the piece itself. */
  readonly path: readonly (string | number)[]
  /** One sentence that says what is wrong and, where known, what to write instead. */
  readonly message: string
}

/** A value, or everything that is wrong with what it was to be made from. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** A result that failed with one issue. */
export function failed(message: string, path: readonly (string | number)[] = []): { ok: false; issues: Issue[] } {
  return { ok: false, issues: [{ path, message }] }
}
