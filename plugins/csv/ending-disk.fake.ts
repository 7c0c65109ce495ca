import { truncate, writeFile } from 'node:fs/promises'
import { diskFiles, type Files, type OpenFile } from './files.ts'

/** Where a process ends. */
export interface End {
  /** Number of the operation, from 1. */
  readonly at: number
  /** Before it, after it, or with a write half done. */
  readonly when: 'before' | 'torn' | 'after'
  /** The machine goes too: bytes that were not synced may be lost, from 0 (all kept) to 1 (none). */
  readonly lost: number
}

/** The real disk until the process ends; from then on nothing it does reaches the disk. */
export interface EndingDisk extends Files {
  readonly operations: number
  readonly hasEnded: boolean
  /** Files held open now. */
  readonly handles: number
  /** Fails writes with this error after half of their bytes; undefined: works. */
  refuseWrites: NodeJS.ErrnoException | undefined
  /** Applies what a power cut loses; call when the process has ended. */
  powerCut(): Promise<void>
}

export class ProcessEnded extends Error {}

export function createEndingDisk(end?: End): EndingDisk {
  let operations = 0
  let hasEnded = false
  const held = new Set<OpenFile>()
  const synced = new Map<string, number>()
  const written = new Map<string, number>()

  async function operation<T>(run: () => Promise<T>, torn: () => Promise<unknown> = async () => {}): Promise<T> {
    if (hasEnded) throw new ProcessEnded()
    operations += 1
    const isLast = operations === end?.at
    if (!isLast) return run()
    if (end?.when === 'after') await run()
    if (end?.when === 'torn') await torn()
    hasEnded = true
    throw new ProcessEnded()
  }

  async function wrap(file: string, inner: OpenFile): Promise<OpenFile> {
    held.add(inner)
    const { size } = await inner.facts()
    if (!synced.has(file)) synced.set(file, size)
    const half = async (bytes: Uint8Array): Promise<void> => {
      await inner.write(bytes.subarray(0, Math.floor(bytes.length / 2)))
      written.set(file, (await inner.facts()).size)
    }
    return {
      facts: () => operation(() => inner.facts()),
      read: (from, length) => operation(() => inner.read(from, length)),
      write: (bytes) =>
        operation(
          async () => {
            const refusal = disk.refuseWrites
            if (refusal !== undefined) {
              await half(bytes)
              throw refusal
            }
            await inner.write(bytes)
            written.set(file, (await inner.facts()).size)
          },
          () => half(bytes),
        ),
      sync: () =>
        operation(async () => {
          await inner.sync()
          synced.set(file, (await inner.facts()).size)
          written.delete(file)
        }),
      cut: (length) =>
        operation(async () => {
          await inner.cut(length)
          written.delete(file)
          synced.set(file, length)
        }),
      async close() {
        if (held.delete(inner)) await inner.close()
      },
    }
  }

  const disk: EndingDisk = {
    get operations() {
      return operations
    },
    get hasEnded() {
      return hasEnded
    },
    get handles() {
      return held.size
    },
    refuseWrites: undefined,
    facts: (file) => operation(() => diskFiles.facts(file)),
    create: (file) => operation(async () => wrap(file, await diskFiles.create(file))),
    openEmpty: (file) =>
      operation(async () => {
        const found = await diskFiles.openEmpty(file)
        return found === undefined ? undefined : wrap(file, found)
      }),
    open: (file) => operation(async () => wrap(file, await diskFiles.open(file))),
    remove: (file) => operation(() => diskFiles.remove(file)),
    replace: (file, bytes) =>
      operation(
        async () => {
          if (disk.refuseWrites !== undefined) throw disk.refuseWrites
          await diskFiles.replace(file, bytes)
        },
        () => writeFile(`${file}.new`, bytes.subarray(0, bytes.length / 2)),
      ),
    move: (from, to) => operation(() => diskFiles.move(from, to)),
    list: (file) => operation(() => diskFiles.list(file)),
    makeFolder: (file) => operation(() => diskFiles.makeFolder(file)),
    syncFolder: (file) => operation(() => diskFiles.syncFolder(file)),
    async powerCut() {
      for (const inner of held) await inner.close()
      held.clear()
      for (const [file, size] of written) {
        const kept = size - Math.floor((size - (synced.get(file) ?? 0)) * (end?.lost ?? 0))
        await truncate(file, kept)
      }
    },
  }
  return disk
}

/** An error as `node:fs` throws it. */
export function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: refused, write '/home/peregrina.oxblood@example.com.csv'`), {
    code,
    syscall: 'write',
  })
}
