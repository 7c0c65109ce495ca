/** `npm run bench`: measures the bridge against its references and says how it stands. See README.md beside it. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measures, type Effort, type Measured } from './measures.ts'
import type { Runtime } from './processes.ts'
import { syncTime } from './disk.ts'
import { formatTable, summarise } from './table.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runtime: { type: 'string', multiple: true, default: ['node', 'bun'] },
    only: { type: 'string', multiple: true, default: Object.keys(measures) },
    backlog: { type: 'boolean', default: false },
    heads: { type: 'boolean', default: false },
    size: { type: 'string', default: '1000000' },
  },
})

const effort: Effort = values.quick
  ? { rounds: 3, ms: 1_500, forwarded: 5_000 }
  : { rounds: 5, ms: 4_000, forwarded: 20_000 }
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const results: Measured[] = []
const long: unknown[] = []
const before = { load: loadavg(), sync: syncTime() }

say(
  `${cpus().length} cores, ${cpus()[0]?.model ?? ''}; load average ${loadavg()[0]?.toFixed(2)}; a sync takes ${before.sync.toFixed(2)} ms`,
)
if (values.backlog || values.heads) {
  for (const runtime of values.runtime as Runtime[]) {
    if (values.backlog)
      long.push(await (await import('./backlog.ts')).measureBacklog(runtime, Number(values.size), say))
    if (values.heads) long.push(await (await import('./heads.ts')).measureHeads(runtime, Number(values.size), say))
  }
} else {
  for (const runtime of values.runtime as Runtime[]) {
    say(`\n${runtime}, ${effort.rounds} rounds each`)
    const summaries = []
    for (const name of values.only) {
      const measure = measures[name]
      if (measure === undefined) throw new Error(`no measure "${name}"; there are ${Object.keys(measures).join(', ')}`)
      const measured = await measure(runtime, effort)
      results.push(measured)
      summaries.push(summarise(measured))
      say(`  ${name} done, load average ${loadavg()[0]?.toFixed(2)}, a sync takes ${syncTime().toFixed(2)} ms`)
    }
    for (const line of formatTable(summaries)) say(line)
  }
}

const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const file = join(folder, `${new Date().toISOString().replace(/[:.]/g, '-')}.json`)
const machine = {
  cores: cpus().length,
  model: cpus()[0]?.model,
  node: process.version,
  before,
  after: { load: loadavg(), sync: syncTime() },
}
writeFileSync(
  file,
  `${JSON.stringify({ machine, effort, summaries: results.map(summarise), results, long }, null, 2)}\n`,
)
say(`\nwritten to ${file}`)
