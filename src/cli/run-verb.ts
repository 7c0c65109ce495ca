/** `reconcile` and `seed`: what both do. */

import type { BridgeAccess } from '../core/dispatch/actions.ts'
import { parseDuration } from '../core/durations.ts'
import { pause } from '../core/pause.ts'
import { parseInstant } from '../core/records/instants.ts'
import { RUN_TYPES, type RunType } from '../core/reconcile/plan.ts'
import type { RunInput, RunKind, RunReport } from '../core/reconcile/reports.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps, ExitCode } from './deps.ts'
import { formatRun, formatRunLine, formatStarted } from './format-run.ts'
import { CONFIG_ARG, JSON_ARG, usageError } from './verb.ts'

const DAY = 86_400_000
/** Milliseconds between two looks at a run, and between two lines about it. */
const LOOK = 500
const LINE = 5_000

/** Arguments of both. */
export const RUN_ARGS = {
  since: {
    type: 'string',
    valueHint: 'TIME',
    description:
      'From this time on (2026-03-01, 2026-03-01T09:00, UTC unless it names a zone), or a span until now such as 3d.',
  },
  until: { type: 'string', valueHint: 'TIME', description: 'Up to this time; a day counts whole. Default: now.' },
  type: {
    type: 'string',
    valueHint: 'TYPES',
    description: `Only these, with commas between: ${RUN_TYPES.join(', ')}.`,
  },
  'dry-run': { type: 'boolean', description: 'Count by type what differs, and take nothing in.' },
  cancel: { type: 'boolean', description: 'End the run under way. What was taken in stays.' },
  detach: { type: 'boolean', description: 'Do not wait for the end.' },
  ...CONFIG_ARG,
  ...JSON_ARG,
} as const

interface Args {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly type?: string | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly cancel?: boolean | undefined
  readonly detach?: boolean | undefined
  readonly json?: boolean | undefined
}

/** Begins a run and waits for its end, or cancels one. */
export async function runVerb(kind: RunKind, args: Args, files: readonly string[], deps: CliDeps): Promise<ExitCode> {
  const { cancel, detach, json } = args
  if (cancel) {
    return askBridge(deps, files, async (bridge) => {
      const report = await bridge.cancelRun({})
      if (json) printJson(deps, report)
      else
        deps.stdout.write(report.cancelled ? 'the run has ended; what was taken in stays\n' : 'no run is under way\n')
      return report.cancelled ? 0 : 1
    })
  }
  const input = toInput(args, deps.clock.now())
  return askBridge(deps, files, async (bridge) => {
    const started = await bridge[kind](input)
    if (!started.live || detach) {
      if (json) printJson(deps, started)
      else deps.stdout.write(formatStarted(started))
      return 0
    }
    deps.stderr.write(formatStarted(started))
    return wait(started.id, bridge, json === true, deps)
  })
}

async function wait(id: string, bridge: BridgeAccess, json: boolean, deps: CliDeps): Promise<ExitCode> {
  let said = deps.clock.monotonic()
  for (;;) {
    const { run, last, trouble } = await bridge.reconciliation({})
    if (run?.id !== id) return last?.id === id ? ended(last, json, deps) : gone(deps)
    if (deps.signal.aborted) {
      deps.stderr.write('the run goes on in the bridge; bevy-bridge status shows how far it has come\n')
      return 0
    }
    const now = deps.clock.monotonic()
    if (now - said >= LINE) {
      said = now
      deps.stderr.write(`${formatRunLine(run)}${trouble === undefined ? '' : `; waits: ${trouble.reason}`}\n`)
    }
    await pause(LOOK, deps)
  }
}

function ended(run: RunReport, json: boolean, deps: CliDeps): ExitCode {
  if (json) printJson(deps, run)
  else deps.stdout.write(formatRun(run))
  return run.state === 'done' && Object.keys(run.problems).length === 0 ? 0 : 1
}

function gone(deps: CliDeps): ExitCode {
  deps.stderr.write('another run has taken its place; bevy-bridge status shows it\n')
  return 1
}

function toInput({ since, until, type, 'dry-run': dryRun }: Args, now: number): RunInput {
  return {
    ...(since === undefined ? {} : { since: toTime(since, 'since', now) }),
    ...(until === undefined ? {} : { until: toTime(until, 'until', now) }),
    ...(type === undefined ? {} : { types: toTypes(type) }),
    ...(dryRun ? { dryRun } : {}),
  }
}

function toTypes(text: string): RunType[] {
  const names = text.split(',').map((one) => one.trim())
  const wrong = names.find((name) => !(RUN_TYPES as readonly string[]).includes(name))
  if (wrong !== undefined) throw usageError(`--type is some of ${RUN_TYPES.join(', ')}, not "${wrong}"`)
  return names as RunType[]
}

function toTime(text: string, name: 'since' | 'until', now: number): number {
  const ago = parseDuration(text)
  if (ago !== undefined) return now - ago
  const instant = parseInstant(text)
  if (instant === undefined) {
    throw usageError(`--${name} needs a time such as 2026-03-01T09:00Z or a span such as 3d, not "${text}"`)
  }
  const at = Math.floor(instant.micros / 1000)
  return name === 'until' && /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? at + DAY - 1 : at
}
