import type { CliDeps } from './deps.ts'
import { RUN_ARGS, runVerb } from './run-verb.ts'
import { defineVerb, type Verb } from './verb.ts'

/** `seed`: fill what is missing, and send nothing. */
export function createSeedVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'seed',
    summary: "Fill in from Bevy's REST API what is not known yet, and send nothing of it.",
    description: [
      'For a new bridge beside an old community: records that no webhook has brought are fetched and kept as history, so that joins find them and a later webhook is compared with what was before. No destination is sent them, now or later; only `replay` sends history, because somebody asks for it.',
      'What is known already is left as it is, also where Bevy has another state: that is for `reconcile`, which sends it. Needs bevy.api and bevy.token in the config; runs at the pace of bevy.rate.',
      'The command waits for the end; ended before, or with --detach, the run goes on in the bridge, also across restarts. On a store in which no bridge runs it is noted, and begins with the next start.',
    ],
    examples: [
      ['', 'all there is'],
      ['--type event,chapter', 'what attendees are joined with'],
      ['--since 30d', 'only what happened in the last month'],
    ],
    args: RUN_ARGS,
    run: (args, { config }) => runVerb('seed', args, config, deps),
  })
}
