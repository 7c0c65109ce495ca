/** Opens the store in FOLDER, says so, and keeps it until it is killed. `hold-store.ts FOLDER` */

import { writeSync } from 'node:fs'
import { openStore } from '../../src/storage/open.ts'
import { createMemoryLog } from './log.ts'

const path = process.argv[2] ?? ''
try {
  await openStore({ driver: 'sqlite', path, unsafe: false, minFree: 0 }, { log: createMemoryLog() })
  writeSync(1, 'open\n')
} catch (error) {
  writeSync(1, `${String((error as { code?: unknown }).code)}\n`)
}
