import { askBridge, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatStatus } from './format-status.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, type Verb } from './verb.ts'

/** `status`: how every destination stands. */
export function createStatusVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'status',
    summary: 'Show how every destination stands: lag, sent, skipped, retrying, dead, last error.',
    description: [
      'Asks the running bridge, else reads its store. Ends with 1 when a destination is paused or stopped, so that a monitor can use it.',
    ],
    examples: [
      ['', 'for people'],
      ['--json', 'for programs'],
    ],
    args: { ...CONFIG_ARG, ...JSON_ARG },
    run: ({ json }, { config }) =>
      askBridge(deps, config, async (bridge) => {
        const report = await bridge.status()
        if (json) printJson(deps, report)
        else deps.stdout.write(formatStatus(report, deps.clock.now(), createPaint(deps.stdout, deps.env)))
        return report.destinations.some(({ state }) => state === 'paused' || state === 'stopped') ? 1 : 0
      }),
  })
}
