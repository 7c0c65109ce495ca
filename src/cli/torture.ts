import { parseDuration } from '../core/durations.ts'
import { loadOrExplain, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatTorture } from './format-torture.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, numberOf, usageError, type Verb } from './verb.ts'

/** A kill every so many milliseconds when no number is given. */
const KILL_EVERY = 3_000
const LONGEST = 7 * 86_400_000

/** `torture`: kill the bridge again and again under this config, and see whether anything is lost. */
export function createTortureVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'torture',
    summary: 'Kill a bridge with this config again and again, and prove that nothing is lost.',
    description: [
      'Runs real bridge processes with your config in a temporary folder: your store is not touched and nothing is sent anywhere. CSV files go into that folder, webhooks to a local sink, and other plugins are replaced by a recorder that sends to it. Waits are cut short; routes, modes and batches stay yours.',
      'A Bevy sends invented records, alone and in bulk, with retries that merge, repeat and overtake each other. The bridge is killed at random moments and around its commits, stopped, reloaded, given a full disk; destinations are slow, fail, drop connections and refuse records. At the end every record in the journal must be delivered, waiting, dead or skipped for a reason, in order, and every row in a file exactly once. What is not is listed, the folder is kept, and the exit code is 1.',
      'The seed decides what happens and when: the same seed, length and number of kills make the same plan. How far each process gets in its time depends on the machine. Runs on the runtime it is started with.',
    ],
    examples: [
      ['', 'ten minutes'],
      ['--for 2h --kills 5000', 'two hours, a kill every second and a half'],
      ['--for 1m --seed 4711', 'the plan of another run again'],
    ],
    args: {
      for: { type: 'string', valueHint: 'DURATION', description: 'How long, such as 90s or 2h.', default: '10m' },
      kills: { type: 'string', valueHint: 'N', description: 'About how many lives. Default: one every 3 seconds.' },
      seed: { type: 'string', valueHint: 'N', description: 'Same seed, same plan. Default: a new one each time.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run(args, { config }) {
      const duration = parseDuration(args.for)
      if (duration === undefined || duration < 100 || duration > LONGEST) {
        throw usageError(`--for needs a duration between 100ms and 7d, such as 10m, not "${args.for}"`)
      }
      const options = {
        duration,
        kills: numberOf(args.kills, 'kills', Math.max(1, Math.round(duration / KILL_EVERY)), { min: 1, integer: true }),
        seed: numberOf(args.seed, 'seed', Math.floor(deps.clock.now() / 1000) % 2 ** 31, { integer: true }),
      }
      const loaded = await loadOrExplain(deps, config)
      if (loaded === undefined) return 1
      deps.stderr.write(`torture: seed ${options.seed}\n`)
      const report = await deps.torture(loaded.settings, options)
      if (args.json) printJson(deps, report)
      else deps.stdout.write(formatTorture(report, createPaint(deps.stdout, deps.env)))
      return report.failures.length === 0 && report.ledger.broken.length === 0 ? 0 : 1
    },
  })
}
