import type { ReconcileStatus, RunReport, RunStarted, TypeCounts } from '../core/reconcile/reports.ts'
import { alignColumns, formatTime } from './text.ts'

const HEADER = ['type', 'differ', 'missing', 'taken in', 'same', 'outside the span', 'newer here', 'unusable']

/** A run that was begun. */
export function formatStarted({ id, kind, dryRun, since, until, types, live }: RunStarted): string {
  const span = since === null ? `up to ${formatTime(until)}` : `from ${formatTime(since)} to ${formatTime(until)}`
  const what = dryRun ? `${kind} ${id}, a dry run,` : `${kind} ${id}`
  const when = live ? 'begins now' : 'begins when the bridge starts'
  return `${what} of ${types.join(', ')} ${span} ${when}; bevy-bridge status shows how far it has come\n`
}

/** A run under way, in a line. */
export function formatRunLine({ kind, id, dryRun, requests, left, counts }: RunReport): string {
  const all = Object.values(counts)
  const total = (name: keyof TypeCounts): number => all.reduce((sum, one) => sum + one[name], 0)
  const news = total('differs') + total('missing')
  const done = dryRun ? `${news} records are news` : `${total('taken')} records taken in`
  return `${kind} ${id}${dryRun ? ' (dry run)' : ''}: ${requests} requests, ${done}, ${left} lists known to be left`
}

/** A run that has ended, by type. */
export function formatRun(run: RunReport): string {
  const { kind, id, dryRun, state, endedAt = run.startedAt, counts, problems } = run
  const rows = Object.entries(counts).map(([type, one]) => [
    type,
    ...[one.differs, one.missing, one.taken, one.same, one.outside, one.newer, one.unusable].map(String),
  ])
  return [
    `${kind} ${id}${dryRun ? ' (dry run: nothing was taken in)' : ''} ${state} at ${formatTime(endedAt)} after ${run.requests} requests`,
    ...(rows.length === 0 ? ['nothing was found'] : alignColumns([HEADER, ...rows], { right: [1, 2, 3, 4, 5, 6, 7] })),
    ...Object.entries(problems).map(([reason, count]) => `passed over ${count} times: ${reason}`),
    '',
  ].join('\n')
}

/** What `status` tells of it. */
export function reconcileLines(status: ReconcileStatus | undefined, odd: (text: string) => string): string[] {
  if (status === undefined) return []
  const { access, trouble, run, last, nextAt, joins, lost } = status
  const parts = [
    access ? 'configured' : 'not configured',
    ...(joins.waiting + joins.fetched + joins.absent > 0
      ? [`missing records: ${joins.fetched} fetched, ${joins.waiting} waiting, ${joins.absent} not to be had`]
      : []),
    ...(nextAt === undefined ? [] : [`next reconcile ${formatTime(nextAt)}`]),
  ]
  return [
    `bevy api: ${parts.join(', ')}`,
    ...(trouble === undefined
      ? []
      : [
          odd(
            `bevy api: fails since ${formatTime(trouble.since)}: ${trouble.reason}; next try ${formatTime(trouble.nextTry)}`,
          ),
        ]),
    ...(run === undefined ? [] : [formatRunLine(run)]),
    ...(last === undefined
      ? []
      : [`last ${formatRunLine(last)}, ${last.state} ${formatTime(last.endedAt ?? last.startedAt)}`]),
    ...(lost === undefined
      ? []
      : [odd(`deliveries were lost from ${formatTime(lost.since)} on: bevy-bridge reconcile fetches them`)]),
  ]
}
