import { readFile, stat } from 'node:fs/promises'

/** A file the config depends on, and what it looked like just before it was read. Missing ones count: they may appear. */
export interface Source {
  readonly path: string
  readonly stamp: string
}

/** A text that is another whenever the file may have changed, through symlinks too; `absent` when there is none. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join('-')
  } catch {
    return 'absent'
  }
}

/** Reads text files once each, remembering what they looked like, for the watcher. */
export interface SourceReader {
  /** The file's text, or the reason why there is none: `no such file`. */
  read(path: string): Promise<{ readonly text: string } | { readonly reason: string }>
  /** Counts a file as a source without reading it. */
  note(path: string): Promise<void>
  sources(): readonly Source[]
}

/** Files above this size are no config and no secret. */
const MAX_BYTES = 4_000_000

export function createSourceReader(): SourceReader {
  const seen = new Map<string, string>()
  const note = async (path: string): Promise<void> => {
    if (!seen.has(path)) seen.set(path, await stampOf(path))
  }
  return {
    note,
    async read(path) {
      await note(path)
      try {
        const { size } = await stat(path)
        if (size > MAX_BYTES) return { reason: 'larger than 4 MB' }
        return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)) }
      } catch (error) {
        return { reason: reasonOf(error) }
      }
    },
    sources: () => [...seen].map(([path, stamp]) => ({ path, stamp })),
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file'
  if (code === 'EISDIR') return 'a folder, not a file'
  if (code === 'EACCES' || code === 'EPERM') return 'not readable for this user'
  if (code.startsWith('ERR_ENCODING')) return 'not UTF-8 text'
  return code === '' ? 'cannot be read as UTF-8 text' : `cannot be read (${code})`
}
