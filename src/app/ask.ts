import { createInterface } from 'node:readline'

/** Asks the person at the terminal one line; undefined when the input ends or they press Ctrl-C, which `interrupt` is told of. */
export function askPerson(
  question: string,
  deps: {
    readonly input: NodeJS.ReadableStream
    readonly output: NodeJS.WritableStream
    readonly signal: AbortSignal
    interrupt(): void
  },
): Promise<string | undefined> {
  const { input, output, signal, interrupt } = deps
  const lines = createInterface({ input, output })
  return new Promise((resolve) => {
    const end = (): void => lines.close()
    signal.addEventListener('abort', end, { once: true })
    lines.once('SIGINT', () => {
      interrupt()
      end()
    })
    lines.once('close', () => {
      signal.removeEventListener('abort', end)
      resolve(undefined)
    })
    lines.question(question, (answer) => {
      resolve(answer)
      end()
    })
    if (signal.aborted) end()
  })
}
