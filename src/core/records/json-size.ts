import type { Json } from '../types.ts'

const OF_A_VALUE = 8

/** Characters of a value's JSON, roughly. Looks no further once it is more than `enough`. */
export function roughSize(json: Json, enough: number): number {
  if (typeof json === 'string') return json.length + OF_A_VALUE
  if (typeof json !== 'object' || json === null) return OF_A_VALUE
  let size = OF_A_VALUE
  if (Array.isArray(json)) {
    for (const value of json as readonly Json[]) {
      if (size > enough) break
      size += roughSize(value, enough - size)
    }
    return size
  }
  const object = json as { readonly [key: string]: Json }
  for (const key in object) {
    if (size > enough) break
    size += key.length + roughSize(object[key] as Json, enough - size)
  }
  return size
}
