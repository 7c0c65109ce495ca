import type { InspectQuery } from '../core/dispatch/reports.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatInspect } from './format-inspect.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, usageError, type Verb } from './verb.ts'

/** `inspect`: everything known of a record. */
export function createInspectVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'inspect',
    summary: 'Show a record, by key or e-mail: its deliveries, verdicts, routes and sends.',
    description: [
      'KEY is `type:id`, as in `attendee:2600`; an e-mail address finds every record that bears it. The data itself is shown only with --data.',
    ],
    examples: [
      ['attendee:2600', 'one registration'],
      ['avery@example.com --data', 'all records of a person, with their content'],
    ],
    args: {
      record: { type: 'positional', required: true, description: 'A key, `type:id`, or an e-mail address.' },
      data: { type: 'boolean', description: 'Show the newest state of each record too.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run({ record, data, json }, { config }) {
      const query = { ...toQuery(record), ...(data && { data }) }
      return askBridge(deps, config, async (bridge) => {
        const report = await bridge.inspect(query)
        if (json) printJson(deps, report)
        else deps.stdout.write(formatInspect(report, record, createPaint(deps.stdout, deps.env)))
        return report.records.length > 0 ? 0 : 1
      })
    },
  })
}

function toQuery(text: string): InspectQuery {
  if (text.includes('@')) return { email: text }
  if (/^[^:]+:.+$/.test(text)) return { key: text }
  throw usageError(`"${text}" is neither a key such as attendee:2600 nor an e-mail address`)
}
