/** The verb `rebuild` on a real store: refused while another process has it, killed half-way, gone on with. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { createIndexer } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { openStore } from '../../src/storage/open.ts'
import { envelope } from '../kit/bodies.ts'
import {
  endBridgeProcesses,
  mainPath,
  runtimePath,
  runVerb,
  startBridgeProcess,
  writeConfig,
} from '../kit/bridge-process.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const DELIVERIES = 1_500

function read(folder: string): (sql: string) => unknown[] {
  const db = new DatabaseSync(join(folder, 'data/bevy-bridge.db'), { readOnly: true })
  return (sql) => db.prepare(sql).all()
}

it('rebuild refuses a store in use, survives a kill, is needed before the next start, and ends in the same index', async () => {
  const folder = folders()
  writeConfig(folder, { receiver: { host: '127.0.0.1', port: 0, secrets: ['secret'] }, destinations: {}, routes: [] })
  const log = createMemoryLog()
  const store = await openStore({ driver: 'sqlite', path: join(folder, 'data'), unsafe: false, minFree: 0 }, { log })
  const journal = await createJournal(store, { log })
  await Promise.all(
    Array.from({ length: DELIVERIES }, (_, id) =>
      journal.append({ bytes: envelope('user', { id: id % 500, rev: id }), receivedAt: id }),
    ),
  )
  const indexer = await createIndexer({ store, journal, clock: systemClock, log, alerts: { raise() {} } })
  indexer.start()
  await indexer.idle()
  await indexer.stop()

  const refused = await runVerb('node', folder, ['rebuild'])
  expect(refused).toMatchObject({ code: 3, stdout: '' })
  expect(refused.stderr).toMatch(/open in process \d+ .*: a rebuild needs it alone.*ERR_STORE_LOCKED/s)
  await store.close()

  const all = 'SELECT key, hex(value) AS value FROM items ORDER BY key'
  const before = read(folder)(all)
  const child = spawn(runtimePath('node'), [mainPath, 'rebuild'], { cwd: folder, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const look = read(folder)
  // Half-way: the old mark is gone, the new one is not at the end.
  const halfway = `SELECT json_extract(CAST(value AS TEXT), '$.seq') AS seq FROM items WHERE key = 'meta:indexed'`
  for (;;) {
    const [mark] = look(halfway) as { seq: number }[]
    if (mark !== undefined && mark.seq < DELIVERIES) break
    if (child.exitCode !== null) throw new Error('it ended before it could be killed')
    await wait(1)
  }
  child.kill('SIGKILL')
  await ended
  await expect(startBridgeProcess('node', folder)).rejects.toThrow('ERR_INDEX_UNFINISHED')

  const { code, stdout, stderr } = await runVerb('node', folder, ['rebuild', '--json'])
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toMatchObject({
    finished: true,
    resumed: true,
    deliveries: DELIVERIES,
    records: { accepted: DELIVERIES, invalid: 0 },
  })
  // Only the count of starts is new: the refused one.
  expect(read(folder)(`${all.replace('ORDER', "WHERE key <> 'meta:starts' ORDER")}`)).toEqual(before)
}, 90_000)
