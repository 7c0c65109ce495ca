import type { SkipInput, SkipReport } from '../core/dispatch/actions.ts'
import { askBridge, printJson } from './bridge.ts'
import { refuseWithoutYes, YES_ARG } from './confirm.ts'
import type { CliDeps } from './deps.ts'
import { formatPosition } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, usageError, type Verb } from './verb.ts'

/** `skip`: give up what a destination has not settled. */
export function createSkipVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'skip',
    summary: 'Move a destination past deliveries, and give up what waits before them.',
    description: [
      'Everything before the position is given up: deliveries it has not read, and jobs that wait for a retry, a schedule or another record. Dead letters stay, other destinations are not touched. `replay` can send the span later. A position is a delivery, or a delivery and a record in it, as status, inspect and the log show them.',
      'Works on a running bridge, which closes this destination for a moment, and on the store of one that does not run.',
    ],
    examples: [
      ['crm --to now', 'what it comes to, nothing is changed'],
      ['crm --to now --yes', 'only what comes from now on is sent'],
      ['crm --to 1204.4 --yes', 'go on with the fourth record of delivery 1204'],
    ],
    args: {
      name: { type: 'positional', required: true, description: 'Name of a destination.' },
      to: { type: 'string', valueHint: 'SEQ.N|now', description: 'Where it goes on.' },
      ...YES_ARG,
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run({ name, to, yes, json }, { config }) {
      const input = { name, to: toTarget(to) }
      return askBridge(deps, config, async (bridge) => {
        const report = yes ? await bridge.skip(input) : await bridge.planSkip(input)
        if (json) printJson(deps, { ...report, done: yes === true })
        else deps.stdout.write(`${formatSkip(report, yes === true)}\n`)
        return yes ? 0 : refuseWithoutYes(deps)
      })
    },
  })
}

function toTarget(text: string | undefined): SkipInput['to'] {
  if (text === 'now') return text
  const match = /^(\d{1,13})(?:[.#](\d{1,7}))?$/.exec(text ?? '')
  if (match === null)
    throw usageError(`--to needs a position such as 1204.4, or now${text === undefined ? '' : `, not "${text}"`}`)
  return { seq: Number(match[1]), n: Number(match[2] ?? 0) }
}

function formatSkip({ name, from, to, deliveries, waiting }: SkipReport, done: boolean): string {
  const span = `from ${formatPosition(from)} to ${formatPosition(to)}`
  return `${name} ${done ? 'went' : 'would go'} ${span}: ${deliveries} deliveries not read by it and ${waiting} waiting jobs ${done ? 'were' : 'are'} given up`
}
