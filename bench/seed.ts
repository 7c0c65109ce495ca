/** Fills the journal of a bridge that does not run: much faster than over HTTP, byte for byte the same. */

import { systemClock } from '../src/clock.ts'
import { createJournal } from '../src/journal/journal.ts'
import { createLog } from '../src/log.ts'
import { openStore } from '../src/storage/open.ts'
import { makeRequest } from './bodies.ts'

/** Appends under way at once: they share commits. */
const AT_ONCE = 512

/** Appends so many deliveries of `records` records each; resolves with the number of the next. */
export async function seed(
  path: string,
  options: { readonly deliveries: number; readonly records: number; readonly population: number },
): Promise<number> {
  const log = createLog({ level: 'warn', stream: process.stderr, secrets: () => [] })
  const store = await openStore({ driver: 'sqlite', path, unsafe: false, minFree: 0 }, { log })
  const journal = await createJournal(store, { log })
  const request = makeRequest({ path: '/', secret: '', ...options })
  const body = request.bytes.subarray(request.bytes.indexOf('\r\n\r\n') + 4)
  let turn = 0
  while (turn < options.deliveries) {
    const group: Promise<unknown>[] = []
    for (; turn < options.deliveries && group.length < (options.records === 1 ? AT_ONCE : 8); turn++) {
      request.turnTo(turn)
      const bytes = Buffer.from(body)
      group.push(journal.append({ bytes, receivedAt: systemClock.now(), contentType: 'application/json' }))
    }
    await Promise.all(group)
  }
  await store.close()
  return turn
}
