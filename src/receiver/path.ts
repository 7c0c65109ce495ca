/** The path of a request target, without query; also of the absolute form (`POST http://host/bevy`). */
export function pathOf(target: string | undefined): string {
  const text = (target ?? '').replace(/^https?:\/\/[^/?#]*/i, '')
  const end = text.search(/[?#]/)
  const path = end === -1 ? text : text.slice(0, end)
  return path === '' ? '/' : path
}

/** True when both name the same path: one trailing slash makes no difference, upper and lower case do. */
export function samePath(a: string, b: string): boolean {
  return withoutSlash(a) === withoutSlash(b)
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}
