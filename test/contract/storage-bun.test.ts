import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FILES = [
  './test/contract/storage.test.ts',
  './test/flow/storage-open.test.ts',
  './test/flow/storage-faults.test.ts',
]

// `bun test` runs files written for vitest as they are, https://bun.sh/docs/test; children they start are Bun processes too.
it.skipIf(process.versions['bun'] !== undefined)(
  'the storage tests pass on Bun',
  async () => {
    const run = promisify(execFile)('node_modules/.bin/bun', ['test', '--timeout', '30000', ...FILES], {
      cwd: ROOT,
      timeout: 50_000,
      killSignal: 'SIGKILL',
    })
    const { stderr } = await run.catch((error) => {
      throw new Error(`bun test failed:\n${error.stdout}\n${error.stderr}`, { cause: error })
    })
    expect(stderr).toMatch(/^ 0 fail$/m)
    expect(Number(/^ (\d+) pass$/m.exec(stderr)?.[1])).toBeGreaterThan(70)
  },
  60_000,
)
