/** From what a person asks for to a run. */

import { BridgeError } from '../core/errors.ts'
import { RUN_TYPES } from '../core/reconcile/plan.ts'
import type { Outage } from '../core/reconcile/outages.ts'
import type { RunInput, RunKind, RunStarted } from '../core/reconcile/reports.ts'
import type { BevySettings } from '../core/settings.ts'
import { newRun, type Run } from './documents.ts'

/** How far back a reconcile goes when nobody says. */
export const DEFAULT_SPAN = 3 * 86_400_000
/** What was under way when an outage began. */
const BEFORE_OUTAGE = 3_600_000

interface Circumstances {
  readonly now: number
  readonly bevy: BevySettings | undefined
  readonly lost: Outage | undefined
}

/** Makes the run. Rejects with ERR_RECONCILE_ACCESS where there is no access, and ERR_RECONCILE_SPAN for a span that is none. */
export function toRun(kind: RunKind, input: RunInput, { now, bevy, lost }: Circumstances): Run {
  if (bevy === undefined) {
    const message = "there is no access to Bevy's REST API: set bevy.api and bevy.token in the config"
    throw new BridgeError('config', 'ERR_RECONCILE_ACCESS', message)
  }
  const { until = now, types = bevy.reconcile?.types ?? RUN_TYPES, dryRun = false } = input
  const since = input.since ?? (kind === 'seed' ? null : usualSince({ now, bevy, lost }))
  if (since !== null && since > until) {
    throw new BridgeError('config', 'ERR_RECONCILE_SPAN', 'the span ends before it begins')
  }
  return newRun({ id: `r${now.toString(36)}`, kind, dryRun, since, until, types: [...types], startedAt: now })
}

/** What whoever asked is told. */
export function startedOf({ id, kind, dryRun, since, until, types }: Run, live: boolean): RunStarted {
  return { id, kind, dryRun, since, until, types, live }
}

function usualSince({ now, bevy, lost }: Circumstances): number {
  const usual = now - (bevy?.reconcile?.span ?? DEFAULT_SPAN)
  return lost === undefined ? usual : Math.min(usual, lost.since - BEFORE_OUTAGE)
}
