import { parse } from 'yaml'
import type { Bound, ReplayInput, ReplayPlan, ReplayStarted } from '../core/dispatch/actions.ts'
import { goneText } from '../core/retention/text.ts'
import { parseDuration } from '../core/durations.ts'
import { parseInstant } from '../core/records/instants.ts'
import type { Json } from '../core/types.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, usageError, type Verb } from './verb.ts'

const DAY = 86_400_000

/** `replay`: send a span of the journal again. */
export function createReplayVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'replay',
    summary: 'Send a span of what was received to one destination again, or for the first time.',
    description: [
      'A second reader goes over the deliveries of the span and sends what the routes, as they are now, match. The destination goes on as before beside it. In mode latest the newest state of each record is sent, in mode every each state as it was, marked as replay, with new ids: a receiver takes them as new.',
      'A bound is the number of a delivery, a time (2026-03-01, 2026-03-01T09:00, in UTC unless it names a zone; a day as --to counts whole), or a span until now such as 36h. --dry-run counts and sends nothing.',
      'Works on a running bridge; on the store of one that does not run it is noted, and begins with the next start. It survives restarts; --cancel ends the replays of a destination.',
    ],
    examples: [
      ['crm --from 36h --dry-run', 'how much the last day and a half is'],
      ['crm --from 2026-03-01 --to 2026-03-07 --type attendee', 'a week of registrations'],
      ['crm --from beginning --event 9001', 'one event and all that belongs to it'],
      [`crm --from 1204 --to 1300 --where '{ record: { status: registered } }'`, 'what a filter matches'],
      ['crm --cancel', 'stop what was started by mistake'],
    ],
    args: {
      name: { type: 'positional', required: true, description: 'Name of a destination.' },
      from: { type: 'string', valueHint: 'BOUND', description: 'First delivery: a bound, or beginning.' },
      to: { type: 'string', valueHint: 'BOUND', description: 'Last delivery. Default: the newest.' },
      type: { type: 'string', valueHint: 'TYPES', description: 'Only these types, with commas between.' },
      where: {
        type: 'string',
        valueHint: 'FILTER',
        description: "Only what this filter matches, as in a route's when.",
      },
      event: { type: 'string', valueHint: 'ID', description: 'Only this event and what belongs to it.' },
      'dry-run': { type: 'boolean', description: 'Count, and send nothing.' },
      cancel: { type: 'boolean', description: 'End the replays of this destination.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run(args, { config }) {
      const { name, cancel, json } = args
      if (cancel) {
        return askBridge(deps, config, async (bridge) => {
          const { ended, dropped } = await bridge.cancelReplays({ name })
          if (json) printJson(deps, { name, ended, dropped })
          else deps.stdout.write(`${name}: ${ended} replays ended, ${dropped} jobs of theirs dropped\n`)
          return ended + dropped > 0 ? 0 : 1
        })
      }
      const input = toInput(args, deps.clock.now())
      return askBridge(deps, config, async (bridge) => {
        if (args['dry-run']) {
          const plan = await bridge.planReplay(input)
          if (json) printJson(deps, plan)
          else deps.stdout.write(`${formatPlan(plan)}${cutNote(input, plan)}`)
          return 0
        }
        const started = await bridge.replay(input)
        if (json) printJson(deps, started)
        else deps.stdout.write(`${formatStarted(started)}${cutNote(input, started)}`)
        return 0
      })
    },
  })
}

interface Args {
  readonly name: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly type?: string | undefined
  readonly where?: string | undefined
  readonly event?: string | undefined
}

function toInput({ name, from, to, type, where, event }: Args, now: number): ReplayInput {
  if (from === undefined) throw usageError('--from is missing: a delivery, a time, a span such as 36h, or beginning')
  const types = type
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  return {
    name,
    from: from === 'beginning' ? from : toBound(from, 'from', now),
    ...(to === undefined ? {} : { to: toBound(to, 'to', now) }),
    ...(types === undefined ? {} : { types }),
    ...(where === undefined ? {} : { where: toFilter(where) }),
    ...(event === undefined ? {} : { event }),
  }
}

function toBound(text: string, name: 'from' | 'to', now: number): Bound {
  if (/^\d{1,13}$/.test(text)) return { seq: Number(text) }
  const ago = parseDuration(text)
  if (ago !== undefined) return { at: now - ago }
  const instant = parseInstant(text)
  if (instant === undefined) {
    throw usageError(
      `--${name} needs the number of a delivery, a time such as 2026-03-01T09:00Z or a span such as 36h, not "${text}"`,
    )
  }
  const at = Math.floor(instant.micros / 1000)
  return { at: name === 'to' && /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? at + DAY - 1 : at }
}

function toFilter(text: string): Json {
  try {
    return parse(text) as Json
  } catch (error) {
    throw usageError('--where needs a filter such as { record: { status: registered } }', { cause: error })
  }
}

function formatPlan({ name, mode, from, to, deliveries, jobs, waits, byType }: ReplayPlan): string {
  const types = Object.entries(byType).map(([type, count]) => `${type} ${count}`)
  const what = mode === 'latest' ? 'records, the newest state of each' : 'states, each as it was'
  return [
    `${name}: deliveries ${from} to ${to} (${deliveries}) hold ${jobs} ${what}${types.length > 0 ? `: ${types.join(', ')}` : ''}`,
    ...(waits > 0 ? [`${waits} of them wait for a related record first`] : []),
    'nothing was sent',
    '',
  ].join('\n')
}

/** What was asked for and is gone. */
function cutNote({ from: asked }: ReplayInput, { from }: Pick<ReplayStarted, 'from'>): string {
  if (asked === 'beginning' || !('seq' in asked) || asked.seq >= from || asked.seq === 0) return ''
  return `${goneText(asked.seq, from)}\n`
}

function formatStarted({ name, id, from, to, mode, live }: ReplayStarted): string {
  const what = mode === 'latest' ? 'the newest state of each record' : 'each state as it was'
  const when = live ? 'begins now' : `begins when ${name} runs`
  return `replay ${id} of deliveries ${from} to ${to} ${when}; ${what} is sent. bevy-bridge status shows how far it has come\n`
}
