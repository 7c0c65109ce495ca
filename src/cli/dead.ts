import type { BridgeAccess, DeadChoice, DeadDone } from '../core/dispatch/actions.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps, ExitCode } from './deps.ts'
import { formatDeadDetail, formatDeadList } from './format-dead.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, numberOf, oneOf, usageError, type Verb } from './verb.ts'

const ACTIONS = ['list', 'show', 'redrive', 'discard'] as const

interface Args {
  readonly id?: string | undefined
  readonly destination?: string | undefined
  readonly reason?: string | undefined
  readonly all?: boolean | undefined
  readonly why?: string | undefined
  readonly discarded?: boolean | undefined
  readonly limit?: string | undefined
  readonly data?: boolean | undefined
  readonly json?: boolean | undefined
}

/** `dead`: jobs given up. */
export function createDeadVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'dead',
    summary: 'List, show, redrive or discard dead letters: jobs that were given up.',
    description: [
      'A job dies when the destination refuses it for good, when it was tried for as long as the config says, or when a record it waited for never came. It is kept with a copy of its record.',
      'list shows the newest. show tells one with every attempt and what came back; with --data also its record and what is sent for it. redrive makes jobs of them again: in mode latest the newest state of the record is sent (or the letter closed, if that was delivered already), in mode every the old state is sent late, marked as redriven. discard gives them up for good; a line with the reason is kept (list --discarded).',
      'redrive and discard take one ID, or all that fit --destination and --reason, or --all. Works on a running bridge, and on the store of one that does not run: then redriven letters are sent with the next start.',
    ],
    examples: [
      ['list', 'the newest of all destinations'],
      ['list --destination crm --reason "no such property"', 'those of one cause'],
      ['show crm:9f86d081884c7d65 --data', 'one, with its record and what is sent'],
      ['redrive --destination crm', 'all of one destination, after a fix'],
      ['discard crm:9f86d081884c7d65 --why "test data"', 'give one up'],
    ],
    args: {
      action: { type: 'positional', required: true, description: 'list, show, redrive or discard.' },
      id: { type: 'positional', required: false, description: 'ID of one, as list shows it; a destination for list.' },
      destination: { type: 'string', valueHint: 'NAME', description: 'Those of this destination.' },
      reason: { type: 'string', valueHint: 'TEXT', description: 'Those whose reason or cause holds this text.' },
      all: { type: 'boolean', description: 'Every one, of all destinations.' },
      why: { type: 'string', valueHint: 'TEXT', description: 'Why they are discarded.' },
      discarded: { type: 'boolean', description: 'List what was discarded.' },
      limit: { type: 'string', valueHint: 'N', description: 'List at most so many. Default: 100.' },
      data: { type: 'boolean', description: 'Show the record and what is sent for it: data of people.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run({ action, ...args }, { config }) {
      const verb = oneOf(action, 'action', ACTIONS, 'list')
      const run = prepare(verb, args, deps)
      return askBridge(deps, config, run)
    },
  })
}

/** Everything about the arguments is settled before the bridge is asked. */
function prepare(
  verb: (typeof ACTIONS)[number],
  args: Args,
  deps: CliDeps,
): (bridge: BridgeAccess) => Promise<ExitCode> {
  if (verb === 'list') return list(args, deps)
  if (verb === 'show') return show(args, deps)
  const choice = choiceOf(args)
  if (verb === 'redrive') return async (bridge) => done('redriven', await bridge.redrive(choice), args, deps)
  const { why } = args
  if (why === undefined) throw usageError('discard needs --why TEXT')
  return async (bridge) => done('discarded', await bridge.discardDead({ ...choice, why }), args, deps)
}

function list(args: Args, deps: CliDeps): (bridge: BridgeAccess) => Promise<ExitCode> {
  const { destination = args.id, reason, discarded } = args
  const limit = numberOf(args.limit, 'limit', 100, { min: 1, integer: true })
  return async (bridge) => {
    const report = await bridge.deadLetters({
      limit,
      ...(destination === undefined ? {} : { destination }),
      ...(reason === undefined ? {} : { reason }),
      ...(discarded && { discarded }),
    })
    if (args.json) printJson(deps, report)
    else deps.stdout.write(formatDeadList(report))
    return 0
  }
}

function show({ id, data, json }: Args, deps: CliDeps): (bridge: BridgeAccess) => Promise<ExitCode> {
  if (id === undefined) throw usageError('show needs the ID of a dead letter')
  return async (bridge) => {
    const found = await bridge.deadLetter({ id, ...(data && { data }) })
    if (found === undefined) {
      deps.stderr.write(`there is no dead letter ${id}\n`)
      return 1
    }
    if (json) printJson(deps, found)
    else deps.stdout.write(formatDeadDetail(found, createPaint(deps.stdout, deps.env)))
    return 0
  }
}

function choiceOf({ id, destination, reason, all }: Args): DeadChoice {
  if (id !== undefined) {
    if (destination !== undefined || reason !== undefined || all)
      throw usageError('name one ID, or --destination and --reason, or --all')
    return { id }
  }
  if (destination === undefined && reason === undefined && !all)
    throw usageError('name an ID, --destination NAME, --reason TEXT or --all')
  return {
    ...(destination === undefined ? {} : { destination }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function done(what: string, report: DeadDone, { json }: Args, deps: CliDeps): ExitCode {
  if (json) printJson(deps, report)
  else {
    const each = Object.entries(report.destinations).map(([name, count]) => `${name} ${count}`)
    const lines = [`${what}: ${report.done}${each.length > 1 ? ` (${each.join(', ')})` : ''}`, ...report.notes]
    deps.stdout.write(`${report.done === 0 && report.notes.length === 0 ? 'no dead letter fits' : lines.join('\n')}\n`)
  }
  return report.done > 0 ? 0 : 1
}
