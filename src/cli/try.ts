import { didYouMean } from '../core/suggest.ts'
import { loadOrExplain, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, usageError, type Verb } from './verb.ts'

/** `try`: what a destination is sent for one sample record. */
export function createTryVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'try',
    summary: 'Show what a destination is sent for one sample record; with --live, send it.',
    description: [
      'Invents a record of people at example.com, with the event, chapter and user it refers to, and shows the requests the destination would send for it. Routes are not asked. --live sends it, and says what came back: choose a test channel or account.',
      'A sample is a type, or a type and a state: attendee, attendee.checked-in, attendee.deleted, event, event.draft, event.canceled, chapter, chaptermember, user.',
    ],
    examples: [
      ['announce --sample event', 'the requests for a published event'],
      ['crm --sample attendee.checked-in --live', 'sends one check-in'],
    ],
    args: {
      destination: {
        type: 'positional',
        required: true,
        valueHint: 'DESTINATION',
        description: 'Name of a destination.',
      },
      sample: { type: 'string', valueHint: 'NAME', description: 'What to send. Default: attendee.' },
      live: { type: 'boolean', description: 'Send it.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run({ destination: name, sample = 'attendee', live, json }, { config }) {
      const loaded = await loadOrExplain(deps, config)
      if (loaded === undefined) return 1
      const { destinations } = loaded.settings
      const destination = destinations.find((one) => one.name === name)
      if (destination === undefined) {
        const names = destinations.map((one) => one.name)
        throw usageError(`there is no destination "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`)
      }
      const report = await deps.tryOut(loaded.settings, destination, { sample, live: live === true })
      if (report === undefined) throw usageError(`there is no sample "${sample}"; see bevy-bridge try --help`)
      if (json) printJson(deps, report)
      else {
        const paint = createPaint(deps.stdout, deps.env)
        const shown =
          report.preview?.map((part) => `${JSON.stringify(part, null, 2)}\n`).join('') ??
          'the plugin shows no preview\n'
        deps.stdout.write(`${paint.bold(report.key)} to ${report.destination}\n${shown}`)
        const { outcome, reason } = report
        const color = outcome === 'delivered' ? paint.good : paint.bad
        if (outcome !== undefined) deps.stdout.write(`${color(outcome)}${reason === undefined ? '' : `: ${reason}`}\n`)
      }
      return report.outcome === undefined || report.outcome === 'delivered' || report.outcome === 'skip' ? 0 : 1
    },
  })
}
