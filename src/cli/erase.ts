import { askBridge, printJson } from './bridge.ts'
import { refuseWithoutYes, YES_ARG } from './confirm.ts'
import type { CliDeps } from './deps.ts'
import { formatErasure, formatErasurePlan } from './format-erasure.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, usageError, type Verb } from './verb.ts'

/** `erase`: forget a person. */
export function createEraseVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'erase',
    summary: 'Remove a person from everything the bridge keeps, and have the destinations told.',
    description: [
      'Looks through all that was received for records of the account or address, also under other addresses of the same account. Their records become { id, erased }, mentions in events and chapters go, waiting jobs are skipped, and what is overwritten is overwritten on the disk too. Sending pauses for a moment; receiving does not. Destinations that can forget are told, again and again until they have; --list shows what is pending. No report holds data of the person.',
      'Backups, logs, files of other programs and destinations that cannot forget are not reached: docs/operating.md says which. What Bevy sends of the person later is taken as new.',
      'Works on a running bridge; on the store of one that does not run, destinations are told after the next start.',
    ],
    examples: [
      ['--user 4', 'what would be found, nothing is changed'],
      ['--email avery@example.org --yes', 'erases everybody of that address, with their accounts'],
      ['--user 4 --exports --yes', 'out of the CSV logs too'],
      ['--list', 'erasures and which destinations are still to be told'],
      ['--give-up e1abc --yes', 'a destination will never be told; that it keeps the person is accepted'],
    ],
    args: {
      user: { type: 'string', valueHint: 'ID', description: 'Id of the Bevy account.' },
      email: {
        type: 'string',
        valueHint: 'ADDRESS',
        description: 'E-mail address; upper and lower case are the same.',
      },
      exports: {
        type: 'boolean',
        description: 'Rewrite CSV logs without the person. Default: erasure.exports of the config.',
      },
      'dry-run': { type: 'boolean', description: 'Count what would be found, and change nothing.' },
      list: { type: 'boolean', description: 'Show erasures instead.' },
      'give-up': { type: 'string', valueHint: 'ID', description: 'Tell the destinations of an erasure no more.' },
      ...YES_ARG,
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    run(args, { config }) {
      const { user, email, exports, list, yes, json } = args
      const dry = args['dry-run']
      const id = args['give-up']
      const who = user !== undefined || email !== undefined
      if ([who, list === true, id !== undefined].filter(Boolean).length !== 1) {
        throw usageError('give either --user or --email (or both), or --list, or --give-up ID')
      }
      return askBridge(deps, config, async (bridge) => {
        if (list) {
          const all = await bridge.erasures({})
          if (json) printJson(deps, all)
          else deps.stdout.write(all.length === 0 ? 'no erasures\n' : all.map(formatErasure).join('\n'))
          return 0
        }
        if (id !== undefined) {
          if (!yes) return refuseWithoutYes(deps)
          const report = await bridge.giveUpErasure({ id })
          if (json) printJson(deps, report)
          else deps.stdout.write(formatErasure(report))
          return 0
        }
        const input = {
          ...(user === undefined ? {} : { user }),
          ...(email === undefined ? {} : { email }),
          ...(exports === undefined ? {} : { exports }),
        }
        if (dry || !yes) {
          const plan = await bridge.planErasure(input)
          if (json) printJson(deps, plan)
          else deps.stdout.write(formatErasurePlan(plan))
          return dry ? 0 : refuseWithoutYes(deps)
        }
        const report = await bridge.erase(input)
        if (json) printJson(deps, report)
        else deps.stdout.write(formatErasure(report))
        return 0
      })
    },
  })
}
