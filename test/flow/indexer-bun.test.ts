import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
// Where the runtimes could differ: source text of numbers, zlib and its errors, checksums, decoding, order of promises.
const FILES = [
  'unit/exact-json',
  'flow/journal',
  'flow/indexer-verdicts',
  'flow/indexer-bodies',
  'flow/indexer-trouble',
  'flow/indexer-restart',
]

// `bun test` runs files written for vitest as they are, https://bun.sh/docs/test
it('the journal and indexer tests pass on Bun', async () => {
  const files = FILES.map((file) => `./test/${file}.test.ts`)
  const run = promisify(execFile)('node_modules/.bin/bun', ['test', ...files], { cwd: ROOT, timeout: 50_000 })
  const { stderr } = await run.catch((error) => {
    throw new Error(`bun test failed:\n${error.stdout}\n${error.stderr}`, { cause: error })
  })
  expect(stderr).toMatch(/^ 0 fail$/m)
  expect(Number(/^ (\d+) pass$/m.exec(stderr)?.[1])).toBeGreaterThan(70)
}, 60_000)
