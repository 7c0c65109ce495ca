import type { PauseReport } from '../core/dispatch/actions.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatTime } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, type Verb } from './verb.ts'

const NAME_ARG = {
  name: { type: 'positional', required: true, description: 'Name of a destination.' },
} as const

/** `pause`: send nothing to a destination. */
export function createPauseVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'pause',
    summary: 'Send nothing to a destination until it is resumed; kept across restarts.',
    description: [
      'Deliveries are received and indexed as before, the cursor waits, and no job runs out of time meanwhile. Unlike a pause the bridge makes by itself, this one is not probed: only `resume` ends it. Sends under way end by themselves.',
      'Works on a running bridge, and on the store of one that does not run.',
    ],
    examples: [['crm --why "the list is being rebuilt"', 'the reason is shown by status']],
    args: {
      ...NAME_ARG,
      why: { type: 'string', valueHint: 'TEXT', description: 'Shown by status.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    run: ({ name, why, json }, { config }) =>
      askBridge(deps, config, async (bridge) => {
        const report = await bridge.pause({ name, ...(why === undefined ? {} : { why }) })
        if (json) printJson(deps, report)
        else deps.stdout.write(`${name} is paused${later(report)}. bevy-bridge resume ${name} lets it go on\n`)
        return 0
      }),
  })
}

/** `resume`: end a pause. */
export function createResumeVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'resume',
    summary: 'Let a paused destination go on now, whoever paused it.',
    description: [
      'Ends a pause made by hand, one the bridge made because the destination failed, and one of a destination that was set aside because sending to it had ended the process. What waits is sent within seconds. If it still refuses everything, the bridge pauses it again.',
      'Works on a running bridge, and on the store of one that does not run.',
    ],
    examples: [['crm', 'after its token was renewed']],
    args: { ...NAME_ARG, ...CONFIG_ARG, ...JSON_ARG },
    run: ({ name, json }, { config }) =>
      askBridge(deps, config, async (bridge) => {
        const report = await bridge.resume({ name })
        if (json) printJson(deps, report)
        else deps.stdout.write(`${resumed(report)}\n`)
        return 0
      }),
  })
}

function resumed(report: PauseReport): string {
  const { name, before } = report
  if (before === null) return `${name} was not paused`
  return `${name} goes on${later(report)}; it was paused since ${formatTime(before.since)}: ${before.reason}`
}

function later({ live }: PauseReport): string {
  return live ? '' : ' from the next start on: no bridge runs now'
}
