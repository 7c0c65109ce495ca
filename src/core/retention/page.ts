import type { Store } from '../ports.ts'
import type { KeptItem, KeptSet } from './sets.ts'

/** Items looked at together. */
export const PAGE = 200

/** A page of the documents under a prefix, as a `KeptSet` gives it. `ageFrom` tells what the age of one counts from. */
export async function readPage(
  store: Store,
  prefix: string,
  after: string | undefined,
  ageFrom: (document: unknown, key: string) => number,
): ReturnType<KeptSet['page']> {
  const keys = await store.keys(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) })
  const documents = await store.getMany(keys)
  const items = keys.flatMap((key, at): KeptItem[] => {
    const document = documents[at]
    return document === undefined ? [] : [{ key, at: ageFrom(document, key), size: JSON.stringify(document).length }]
  })
  return { items, next: keys.length < PAGE ? undefined : keys.at(-1) }
}
