/** What the disk's refusals mean. None is a record's fault. */

import { DestinationError } from '../../src/plugin.ts'
import { codeOf } from './files.ts'

/** Passes by itself: worth a retry, nobody needs to decide. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY', 'EINTR', 'ENOMEM'])

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EACCES: 'the user who runs the bridge may not write there',
  EPERM: 'the user who runs the bridge may not write there',
  EROFS: 'the disk is read-only',
  ENOTDIR: 'a file stands where a folder is needed',
  EISDIR: 'a folder stands where the file should be',
  EEXIST: 'a file stands where a folder is needed',
  ENAMETOOLONG: 'the path is too long for this disk; shorten the pattern',
  ELOOP: 'links in the path lead in a circle',
  EIO: 'the disk reports damage',
}

/** True when this process, or the machine, has no file descriptor left. */
export function isTooManyFiles(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EMFILE' || code === 'ENFILE'
}

/** True for a refusal that passes by itself. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(error) ?? '')
}

/**
 * A DestinationError `ERR_CSV_DISK` for what the disk refused; anything else as it is. `place` names the file, or the pattern where the
 * file's name may hold a person's data: then the original error, whose message has the path, is not passed on either.
 */
export function toDiskError(error: unknown, place: string, isPublic: boolean): unknown {
  const code = codeOf(error)
  if (code === undefined) return error
  const advice = ADVICE[code] ?? 'the disk refused'
  const cause = isPublic ? error : new Error(`${code} in ${(error as NodeJS.ErrnoException).syscall ?? 'a call'}`)
  return new DestinationError(`cannot write ${place}: ${advice} (${code})`, { code: 'ERR_CSV_DISK', cause })
}
