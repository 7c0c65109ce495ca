import { resolve } from 'node:path'
import { inventChanges } from '../core/bevy/script.ts'
import type { ExplainInput } from '../core/dispatch/reports.ts'
import { askBridge, printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatExplain } from './format-explain.ts'
import { readBody } from './read-body.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, numberOf, usageError, type Verb } from './verb.ts'

/** `explain`: which routes and why, and what each destination would be sent. */
export function createExplainVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'explain',
    summary: 'Say which routes a body matches and why, and what each destination would be sent.',
    description: [
      'Nothing is sent and nothing is stored. For each record it prints every route with the condition that decided, and for each destination what its plugin would send. Joined records are taken from the store.',
      'Name exactly one body: a file, the standard input as `--file -`, a delivery in the journal, or an invented record.',
    ],
    examples: [
      ['--file delivery.json', 'a body as Bevy sends it: [{"type":"event","data":[{...}]}]'],
      ['--seq 1204', 'a delivery that was received'],
      ['--sample attendee', 'an invented registration'],
    ],
    args: {
      file: { type: 'string', valueHint: 'FILE', description: 'File with a body; - is the standard input.' },
      seq: { type: 'string', valueHint: 'NUMBER', description: 'Number of a delivery in the journal.' },
      sample: {
        type: 'string',
        valueHint: 'TYPE',
        description: 'Invent a record: attendee, event, chapter, chaptermember, user.',
      },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run(args, { config }) {
      const input = await toInput(deps, args)
      return askBridge(deps, config, async (bridge) => {
        const report = await bridge.explain(input)
        if (args.json) printJson(deps, report)
        else deps.stdout.write(formatExplain(report, createPaint(deps.stdout, deps.env)))
        const unusable = report.problem !== undefined || report.records.some(({ verdict }) => verdict === 'invalid')
        return unusable ? 1 : 0
      })
    },
  })
}

async function toInput(
  deps: CliDeps,
  {
    file,
    seq,
    sample,
  }: { readonly file?: string | undefined; readonly seq?: string | undefined; readonly sample?: string | undefined },
): Promise<ExplainInput> {
  const given = [file, seq, sample].filter((value) => value !== undefined)
  if (given.length !== 1) throw usageError('name one of --file, --seq and --sample')
  if (seq !== undefined) return { seq: numberOf(seq, 'seq', 0, { min: 1, integer: true }) }
  if (sample !== undefined) return { body: new TextEncoder().encode(inventBody(sample, deps.clock.now())) }
  if (file === '-') return { body: await deps.stdin() }
  return { body: await readBody(resolve(deps.cwd, file as string)) }
}

function inventBody(type: string, now: number): string {
  // An event that was published says more than a fresh draft.
  const script = inventChanges({ seed: 3, type, count: 1, start: now, changes: type === 'event' ? 1 : 0 })
  return JSON.stringify([
    {
      type,
      data: script
        .slice(0, 2)
        .slice(-1)
        .map(({ data }) => data),
    },
  ])
}
