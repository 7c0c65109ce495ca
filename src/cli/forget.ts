import { askBridge, printJson } from './bridge.ts'
import { refuseWithoutYes, YES_ARG } from './confirm.ts'
import type { CliDeps } from './deps.ts'
import { formatPosition } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, type Verb } from './verb.ts'

/** `forget`: delete the state of an orphan. */
export function createForgetVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'forget',
    summary: 'Delete the state of a destination that is no longer in the config.',
    description: [
      'Its cursor, waiting jobs, dead letters and what it knows of what was sent are deleted, and it holds the journal no longer. If the name comes back it is new. One that is still in the config is refused: remove it there first. To go on under another name, write `was: NAME` in the new destination instead.',
      'Works on a running bridge, and on the store of one that does not run.',
    ],
    examples: [
      ['old-crm', 'what it holds, nothing is changed'],
      ['old-crm --yes', 'deletes it'],
    ],
    args: {
      name: { type: 'positional', required: true, description: 'Name of the destination.' },
      ...YES_ARG,
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    run: ({ name, yes, json }, { config }) =>
      askBridge(deps, config, async (bridge) => {
        const report = yes ? await bridge.forget({ name }) : await bridge.planForget({ name })
        if (json) printJson(deps, { ...report, done: yes === true })
        else {
          const { plugin, position, waiting, dead, documents } = report
          const what = `at delivery ${formatPosition(position)}, ${waiting} jobs waiting, ${dead} dead letters`
          const done = documents === undefined ? `${name} (${plugin}) holds` : `${name} (${plugin}) is forgotten`
          const removed = documents === undefined ? '' : `; ${documents} documents deleted`
          deps.stdout.write(`${done}: ${what}${removed}\n`)
        }
        return yes ? 0 : refuseWithoutYes(deps)
      }),
  })
}
