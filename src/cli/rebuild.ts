import type { RebuildProgress, RebuildReport } from '../core/dispatch/reports.ts'
import { loadOrExplain, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatAge } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, type Verb } from './verb.ts'

/** Milliseconds between two lines of progress. */
const EVERY = 2_000

/** `rebuild`: make the index again. */
export function createRebuildVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'rebuild',
    summary: 'Make the index again from the journal, while the bridge is stopped.',
    description: [
      'Throws away all that is derived from the deliveries (which records are in them, which states are newest, which bodies and records cannot be used) and makes it again, with the same outcome. Deliveries, cursors, dead letters and everything else of the destinations stay as they are: nothing is sent again.',
      'Where retention has removed deliveries, the newest states and the quarantine that came of them stay; records that came before and after are decided about anew from the first delivery kept.',
      'Only the store itself says when this is needed (ERR_INDEX_DAMAGED). It may be ended at any time: the next rebuild goes on where it stopped; the bridge does not start before one has finished.',
    ],
    examples: [['', 'with the config found here']],
    args: { ...CONFIG_ARG, ...JSON_ARG },
    async run({ json }, { config }) {
      const loaded = await loadOrExplain(deps, config)
      if (loaded === undefined) return 1
      const report = await deps.rebuild(loaded.settings, createProgress(deps))
      if (json) printJson(deps, report)
      else deps.stdout.write(`${format(report)}\n`)
      return report.finished ? 0 : 1
    },
  })
}

function createProgress({ clock, stderr }: CliDeps): (progress: RebuildProgress) => void {
  let last = clock.monotonic()
  return ({ state, done, of }) => {
    const now = clock.monotonic()
    if (now - last < EVERY) return
    last = now
    const what = state === 'clearing' ? `${done} documents removed` : `${done} of ${of ?? done} deliveries indexed`
    stderr.write(`${what}\n`)
  }
}

function format({ finished, resumed, deliveries, records, quarantined, duration }: RebuildReport): string {
  if (!finished)
    return 'ended before it was finished; run it again, it goes on where it stopped. The bridge does not start before'
  const { accepted, unchanged, stale, invalid } = records
  const aside = quarantined.bodies + invalid
  return (
    `${deliveries} deliveries indexed${resumed ? ' (going on with an earlier rebuild)' : ''} in ${formatAge(duration)}: ` +
    `${accepted} records accepted, ${unchanged} unchanged, ${stale} stale; ${aside} bodies and records in quarantine`
  )
}
