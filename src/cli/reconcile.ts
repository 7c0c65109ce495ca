import type { CliDeps } from './deps.ts'
import { RUN_ARGS, runVerb } from './run-verb.ts'
import { defineVerb, type Verb } from './verb.ts'

/** `reconcile`: compare with Bevy, and take in what differs. */
export function createReconcileVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'reconcile',
    summary: "Compare with Bevy's REST API and take in what webhooks did not bring.",
    description: [
      'Lists events, their attendees, chapters and their members, and takes in what differs from what is known, or is missing and happened in the span: as deliveries that the routes send on like any other. A webhook that comes meanwhile wins over the older state that was fetched. Nothing is ever deleted. Needs bevy.api and bevy.token in the config; runs at the pace of bevy.rate.',
      'Without --since it goes back as far as bevy.reconcile.span says (3d where it says nothing), and over an outage that lost deliveries. --dry-run counts by type what it would take in.',
      'The command waits for the end; ended before, or with --detach, the run goes on in the bridge, also across restarts. On a store in which no bridge runs it is noted, and begins with the next start.',
    ],
    examples: [
      ['--dry-run', 'how much the last days lack'],
      ['--since 2026-03-01T08:00Z', 'after an outage that began then'],
      ['--since 7d --type event,attendee', 'a week, without chapters and members'],
      ['--cancel', 'stop what was started by mistake'],
    ],
    args: RUN_ARGS,
    run: (args, { config }) => runVerb('reconcile', args, config, deps),
  })
}
