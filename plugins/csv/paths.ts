/** Where a row goes: the pattern rendered, and kept inside the folder its fixed part names. */

import { isAbsolute, normalize, parse, relative, resolve, sep } from 'node:path'
import { BridgeError, type Job, type Template } from '../../src/plugin.ts'

/** Bytes a name may have: file systems end at 255, and a part's number or `.cut-<time>` still follows. */
const MOST_BYTES = 200
/** Bytes one value may put into a name, so that two of them and the fixed text still fit. */
const MOST_BYTES_OF_VALUE = 90

/**
 * Makes a value safe as a piece of a file name: no separators, nothing a shell or Windows forbids, no dots at the ends,
 * at most 90 bytes; `none` where nothing is left. A chapter's title comes from outside.
 */
export function toNamePart(text: string): string {
  const safe = text
    .normalize('NFC')
    // oxlint-disable-next-line no-control-regex -- they are what must go
    .replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g, '')
    .replaceAll(/[/\\:*?"<>|\u2044\u2215\uFF0F\uFF3C]+/g, '-')
    .replaceAll(/\s+/g, ' ')
  return trimEnds(cutBytes(trimEnds(safe), MOST_BYTES_OF_VALUE)) || 'none'
}

/** The folder a rendered path may not leave, absolute: what stands before the first expression, up to its last `/`. */
export function rootOf(pattern: string, baseDir: string): string {
  const fixed = /^[^{]*(?:\{(?![{%])[^{]*)*/.exec(pattern)?.[0] ?? ''
  return resolve(baseDir, fixed.slice(0, fixed.lastIndexOf('/') + 1))
}

/**
 * The path of a job's row as it stands in the state: normalized, relative to `baseDir` unless the pattern is absolute.
 *
 * @throws BridgeError of kind `record`: `ERR_TEMPLATE` when the pattern cannot be rendered, `ERR_CSV_PATH` when it leaves its
 * folder or names none (only `| raw` can do that)
 */
export function pathOf(template: Template, baseDir: string, job: Job): string {
  const path = shorten(normalize(template.render(job).trim()))
  const inside = relative(rootOf(template.source, baseDir), resolve(baseDir, path))
  const outside = inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)
  if (outside || path.endsWith(sep) || path.includes('\0')) {
    throw new BridgeError(
      'record',
      'ERR_CSV_PATH',
      `the path of this record's row leaves the folder of ${template.source}`,
    )
  }
  return path
}

/** True when no rendered path can hold more of a person than the name of a chapter: only then may a log show it. */
export function isPublicPath(template: Template): boolean {
  return [...template.reads].every((root) => root === 'type' || root === 'delivery' || root === 'chapter')
}

/** Keeps every name short enough for the file system, the extension of the last one whole. */
function shorten(path: string): string {
  const names = path.split(sep)
  const last = names.pop() ?? ''
  const { ext } = parse(last)
  const kept = Buffer.byteLength(ext) > 20 ? '' : ext
  const stem = last.slice(0, last.length - kept.length)
  const short = cutBytes(stem, MOST_BYTES - Buffer.byteLength(kept))
  return [...names.map((name) => cutBytes(name, MOST_BYTES)), `${short}${kept}`].join(sep)
}

function trimEnds(text: string): string {
  return text.replace(/^[\s.]+/, '').replace(/[\s.]+$/, '')
}

function cutBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text
  let kept = ''
  let bytes = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > most) break
    kept += character
  }
  return kept
}
