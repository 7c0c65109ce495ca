import type { BridgeAccess, QuarantineChoice, QuarantineDone } from '../core/dispatch/actions.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps, ExitCode } from './deps.ts'
import { formatQuarantine, formatQuarantined } from './format-quarantine.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, numberOf, oneOf, usageError, type Verb } from './verb.ts'

const ACTIONS = ['list', 'show', 'retry', 'discard'] as const

interface Args {
  readonly id?: string | undefined
  readonly reason?: string | undefined
  readonly all?: boolean | undefined
  readonly why?: string | undefined
  readonly done?: boolean | undefined
  readonly limit?: string | undefined
  readonly data?: boolean | undefined
  readonly json?: boolean | undefined
}

/** `quarantine`: bodies and records that cannot be used. */
export function createQuarantineVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'quarantine',
    summary: 'List, show, retry or discard what Bevy sent and the bridge could not use.',
    description: [
      'A body that is not JSON, or a record without an id, is kept whole until somebody has looked at it. list shows the newest; show tells one, with --data also its content.',
      'retry takes it in again, after a fix such as a newer version of the bridge: it is appended as a new delivery that keeps its old place in the order, so that it never overwrites something newer. If it still cannot be used, it comes back under its new number. discard gives it up; the line with the reason stays (list --done).',
      'retry and discard take one ID, or all that fit --reason, or --all. Works on a running bridge, and on the store of one that does not run: then it is indexed with the next start.',
    ],
    examples: [
      ['list', 'what waits for somebody'],
      ['show 1204.3 --data', 'the third record of delivery 1204, with its content'],
      ['retry --reason ERR_BODY_JSON', 'all of one kind'],
      ['discard 1204 --why "a test of ours"', 'a whole body'],
    ],
    args: {
      action: { type: 'positional', required: true, description: 'list, show, retry or discard.' },
      id: { type: 'positional', required: false, description: 'ID of one: 1204, or 1204.3 for a record in it.' },
      reason: { type: 'string', valueHint: 'TEXT', description: 'Those whose code, reason or type holds this text.' },
      all: { type: 'boolean', description: 'Every one.' },
      why: { type: 'string', valueHint: 'TEXT', description: 'Why it is discarded.' },
      done: { type: 'boolean', description: 'List those too that were retried or discarded.' },
      limit: { type: 'string', valueHint: 'N', description: 'List at most so many. Default: 100.' },
      data: { type: 'boolean', description: 'Show the content: data of people.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run({ action, ...args }, { config }) {
      const run = prepare(oneOf(action, 'action', ACTIONS, 'list'), args, deps)
      return askBridge(deps, config, run)
    },
  })
}

function prepare(
  verb: (typeof ACTIONS)[number],
  args: Args,
  deps: CliDeps,
): (bridge: BridgeAccess) => Promise<ExitCode> {
  if (verb === 'list') return list(args, deps)
  if (verb === 'show') return show(args, deps)
  const choice = choiceOf(args)
  if (verb === 'retry') return async (bridge) => done(await bridge.retryQuarantined(choice), args, deps)
  const { why } = args
  if (why === undefined) throw usageError('discard needs --why TEXT')
  return async (bridge) => done(await bridge.discardQuarantined({ ...choice, why }), args, deps)
}

function list({ reason, done: also, limit, json }: Args, deps: CliDeps): (bridge: BridgeAccess) => Promise<ExitCode> {
  const most = numberOf(limit, 'limit', 100, { min: 1, integer: true })
  return async (bridge) => {
    const report = await bridge.quarantine({
      limit: most,
      ...(reason === undefined ? {} : { reason }),
      ...(also && { done: also }),
    })
    if (json) printJson(deps, report)
    else deps.stdout.write(formatQuarantine(report))
    return 0
  }
}

function show({ id, data, json }: Args, deps: CliDeps): (bridge: BridgeAccess) => Promise<ExitCode> {
  if (id === undefined) throw usageError('show needs an ID such as 1204 or 1204.3')
  return async (bridge) => {
    const found = await bridge.quarantined({ id, ...(data && { data }) })
    if (found === undefined) {
      deps.stderr.write(`nothing is in quarantine as ${id}\n`)
      return 1
    }
    if (json) printJson(deps, found)
    else deps.stdout.write(formatQuarantined(found, createPaint(deps.stdout, deps.env)))
    return 0
  }
}

function choiceOf({ id, reason, all }: Args): QuarantineChoice {
  if (id !== undefined) {
    if (reason !== undefined || all) throw usageError('name one ID, or --reason, or --all')
    return { id }
  }
  if (reason === undefined && !all) throw usageError('name an ID, --reason TEXT or --all')
  return reason === undefined ? {} : { reason }
}

function done(report: QuarantineDone, { json }: Args, deps: CliDeps): ExitCode {
  const { done: items, failed } = report
  if (json) printJson(deps, report)
  else {
    const lines = [
      ...items.map(({ id, seq }) =>
        seq === undefined
          ? `${id} discarded`
          : `${id} taken in again as delivery ${seq}: bevy-bridge explain --seq ${seq}`,
      ),
      ...failed.map(({ id, reason }) => `${id} not: ${reason}`),
    ]
    deps.stdout.write(`${lines.length === 0 ? 'nothing fits' : lines.join('\n')}\n`)
  }
  return items.length > 0 && failed.length === 0 ? 0 : 1
}
