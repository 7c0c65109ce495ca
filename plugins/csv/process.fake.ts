import { createTestContext, createTestState, makeAttempt, makeJob, type TestState } from '../../src/testing.ts'
import type { Outcome, Sender } from '../../src/plugin.ts'
import { createEndingDisk, type EndingDisk } from './ending-disk.fake.ts'
import { readRows, toOptions, type Folder } from './export-kit.fake.ts'
import { createLogSender } from './log-sender.ts'

const columns = { id: 'record.id', note: 'record.note' }

/** One process: a sender on a folder, and a dispatcher that flushes after each send. */
export interface Process {
  readonly sender: Sender
  readonly state: TestState
  readonly disk: EndingDisk
  readonly log: ReturnType<typeof createTestContext>['log']
  send(notes: readonly string[], more?: { flush?: boolean; signal?: AbortSignal }): Promise<readonly Outcome[]>
}

export async function start(
  folder: Folder,
  state: TestState = createTestState(),
  input: Record<string, unknown> = {},
): Promise<Process> {
  const disk = createEndingDisk()
  const { context, log } = createTestContext({ baseDir: folder.path, state })
  const settings = toOptions({ path: 'out/x.csv', columns, ...input })
  const sender = await createLogSender(settings, context, disk)
  return {
    sender,
    state,
    disk,
    log,
    async send(notes, { flush = true, signal } = {}) {
      const jobs = notes.map((note, index) => makeJob({ n: index + 1, data: { id: index, note } }))
      try {
        const outcomes = await sender.send(jobs, makeAttempt(jobs, signal === undefined ? {} : { signal }))
        state.settle()
        if (flush) state.flush()
        return outcomes ?? []
      } catch (error) {
        state.drop()
        throw error
      }
    },
  }
}

/** The notes of all rows of a file, in order. */
export const notesIn = (folder: Folder, name: string): (string | undefined)[] =>
  readRows(folder.text(name)).map(({ note }) => note)

/** Problems the sender finds by itself. */
export const check = async (sender: Sender): Promise<unknown> => sender.check?.(new AbortController().signal)

/** Ends a process and starts the next one on what was committed. */
export async function next(folder: Folder, last: Process, input: Record<string, unknown> = {}): Promise<Process> {
  await last.sender.close?.()
  return start(folder, last.state.crash(), input)
}
