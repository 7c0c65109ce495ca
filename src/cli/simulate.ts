import { DELAY_LAWS, READINGS } from '../core/bevy/sending.ts'
import { printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { formatSimulation } from './format-simulate.ts'
import { playBevy, type SimulateOptions } from './simulate-run.ts'
import { DEFAULT_HEADER, findTarget } from './target.ts'
import { createPaint } from './text.ts'
import { CONFIG_ARG, defineVerb, JSON_ARG, numberOf, oneOf, type Verb } from './verb.ts'

/** `simulate`: play Bevy against a receiver. */
export function createSimulateVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'simulate',
    summary: 'Play Bevy: send invented records, or a file, to a receiver, with its retries.',
    description: [
      'Invents records of people at example.com, shaped as Bevy sends them, and posts them one by one or in bulk. What is not acknowledged is sent again as Bevy would, with the newest state of its records; --changes lets records change meanwhile. Bevy waits minutes to hours between attempts: --speed 600 makes ten minutes one second.',
      'Bevy does not say clearly which answers acknowledge. --reading R1: only 200. R2: every status below 400. R3: 200, and every status from 400 up. No answer is never an acknowledgment. --delays exponential waits 10, 20, 40 … minutes, linear 10, 20, 30 …, literal 0, 20, 40 …; all end after 48 hours.',
      'Without --to, the target is this bridge, with the header and secret of its config. The config’s secret is never sent to a target that is not local.',
    ],
    examples: [
      ['', 'one registration to the bridge on this machine'],
      ['--type event --count 3 --changes 2 --speed 600', 'three events, each changing about twice'],
      ['--type attendee --count 500 --bulk', 'a bulk of 500 in one POST'],
      ['--type all --count 10000 --rate 200 --concurrency 8', 'a community, 200 POSTs a second'],
      ['--file delivery.json', 'a body as it is; a folder sends every .json in it'],
    ],
    args: {
      to: { type: 'string', valueHint: 'URL', description: 'Where to send. Default: this bridge’s receiver.' },
      yes: { type: 'boolean', description: 'Send to a target that is not on this machine.' },
      secret: { type: 'string', valueHint: 'SECRET', description: 'Secret to send. Default: the one of the config.' },
      header: {
        type: 'string',
        valueHint: 'NAME',
        description: `Header that carries it. Default: the one of the config, else ${DEFAULT_HEADER}.`,
      },
      type: {
        type: 'string',
        valueHint: 'TYPE',
        description:
          'attendee, event, chapter, chaptermember, user, all, or any other word for a type unknown to the bridge.',
        default: 'attendee',
      },
      count: { type: 'string', valueHint: 'N', description: 'Records to invent.', default: '1' },
      changes: {
        type: 'string',
        valueHint: 'N',
        description: 'Later changes of each record, on average, within 20 minutes each (see --speed).',
        default: '0',
      },
      bulk: {
        type: 'boolean',
        description: 'All pending records together, 500 in one POST, as with Bevy’s bulk option.',
      },
      file: {
        type: 'string',
        valueHint: 'PATH',
        description: 'Send this file, or every .json of this folder, as it is.',
      },
      rate: {
        type: 'string',
        valueHint: 'N',
        description: 'POSTs a second at most. Default: as fast as answers come.',
      },
      concurrency: { type: 'string', valueHint: 'N', description: 'POSTs under way at once.', default: '1' },
      seed: { type: 'string', valueHint: 'N', description: 'Same seed, same records. Default: a new one each time.' },
      reading: { type: 'string', valueHint: 'R', description: 'What acknowledges: R1, R2 or R3.', default: 'R1' },
      delays: {
        type: 'string',
        valueHint: 'LAW',
        description: 'exponential, linear or literal.',
        default: 'exponential',
      },
      speed: { type: 'string', valueHint: 'N', description: 'Divides the times of retries and changes.', default: '1' },
      once: { type: 'boolean', description: 'No retries: give up what the first attempt does not bring in.' },
      gzip: { type: 'boolean', description: 'Compress the bodies.' },
      ...CONFIG_ARG,
      ...JSON_ARG,
    },
    async run(args, { config }) {
      const options: SimulateOptions = {
        type: args.type,
        count: numberOf(args.count, 'count', 1, { min: 1, integer: true }),
        changes: numberOf(args.changes, 'changes', 0, { integer: true }),
        bulk: args.bulk ?? false,
        file: args.file,
        rate: args.rate === undefined ? undefined : numberOf(args.rate, 'rate', 1, { min: 0.001 }),
        concurrency: numberOf(args.concurrency, 'concurrency', 1, { min: 1, integer: true }),
        seed: numberOf(args.seed, 'seed', Math.floor(deps.clock.now() / 1000) % 90_000, { integer: true }),
        reading: oneOf(args.reading, 'reading', READINGS, 'R1'),
        delays: oneOf(args.delays, 'delays', DELAY_LAWS, 'exponential'),
        speed: numberOf(args.speed, 'speed', 1, { min: 0.001 }),
        once: args.once ?? false,
        gzip: args.gzip ?? false,
      }
      const target = await findTarget(deps, args, config)
      if (target === undefined) return 1
      const report = await playBevy(deps, target, options)
      if (args.json) printJson(deps, report)
      else deps.stdout.write(formatSimulation(report, createPaint(deps.stdout, deps.env)))
      return report.pending === 0 && report.givenUp === 0 ? 0 : 1
    },
  })
}
