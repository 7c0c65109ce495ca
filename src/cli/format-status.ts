import type { DestinationStatus, StatusReport } from '../core/dispatch/reports.ts'
import { formatSize } from '../core/durations.ts'
import { holderText } from '../core/retention/text.ts'
import { describeUnseen } from '../core/expressions/unseen.ts'
import { reconcileLines } from './format-run.ts'
import { alignColumns, formatAge, formatTime, type Paint } from './text.ts'

const HEADER = ['destination', 'state', 'lag', 'sent', 'skipped', 'retrying', 'unknown', 'dead', 'last success']

/** The whole report as text. */
export function formatStatus(report: StatusReport, now: number, paint: Paint): string {
  const { journal, destinations } = report
  const state = report.state === 'running' ? paint.good('running') : paint.odd('not running (read from the store)')
  const since = report.uptime === undefined ? '' : `, up ${formatAge(report.uptime)}`
  const held = journal.tail >= journal.first ? `${journal.first} to ${journal.tail}` : 'empty'
  const behind = journal.tail - journal.indexed
  const quarantined = journal.quarantined > 0 ? paint.odd(`, ${journal.quarantined} in quarantine`) : ''
  const rows = destinations.map((one) => toRow(one, now, paint))
  const lines = [
    `bevy-bridge ${report.version} on ${report.runtime}: ${state}${since}`,
    `journal: ${held}${keptSince(journal)}${behind > 0 ? `, ${behind} not indexed yet` : ''}${quarantined}`,
    ...keptLines(journal, paint),
    ...countLine(
      'receiver',
      report.receiver.map(({ answer, reason, count }) => [`${answer} ${reason}`.trim(), count]),
    ),
    ...countLine('unmatched', Object.entries(report.unmatched)),
    ...countLine('stale', Object.entries(report.stale)),
    ...(report.unseen ?? []).map((one) => paint.odd(`never seen: ${describeUnseen(one)}`)),
    ...reconcileLines(report.reconcile, paint.odd),
    '',
    ...(rows.length === 0 ? ['no destinations'] : alignColumns([HEADER, ...rows], { right: [3, 4, 5, 6, 7] })),
    ...destinations.flatMap((one) => details(one, paint)),
  ]
  return `${lines.join('\n')}\n`
}

function keptSince({ since, first, tail }: StatusReport['journal']): string {
  return since === undefined || tail < first ? '' : ` since ${formatTime(since)}`
}

function keptLines({ file, held }: StatusReport['journal'], paint: Paint): string[] {
  const free = file !== undefined && file.free > 0 ? `, ${formatSize(file.free)} of it free for what comes` : ''
  return [
    ...(file === undefined ? [] : [`store: ${formatSize(file.bytes)}${free}`]),
    ...(held === undefined
      ? []
      : [paint.odd(`${formatAge(held.overdue)} more than retention.journal says is kept: ${holderText(held)}`)]),
  ]
}

function toRow(one: DestinationStatus, now: number, paint: Paint): string[] {
  const { lag, sent, retrying, unknown, dead } = one
  const skipped = Object.values(one.skipped).reduce((sum, count) => sum + count, 0)
  const color = {
    running: paint.good,
    degraded: paint.odd,
    paused: paint.bad,
    stopped: paint.bad,
    orphaned: paint.odd,
  }[one.state]
  // Of an earlier life, or of before a reload: its time is not kept.
  const none = sent === 0 ? 'never' : 'earlier'
  return [
    one.name,
    color(one.state),
    lag.deliveries === 0 ? 'none' : `${lag.deliveries}${lag.age === null ? '' : ` (${formatAge(lag.age)})`}`,
    ...[sent, skipped, retrying].map(String),
    unknown > 0 ? paint.odd(String(unknown)) : '0',
    dead > 0 ? paint.bad(String(dead)) : '0',
    one.lastSuccess === undefined ? none : `${formatAge(Math.max(0, now - one.lastSuccess))} ago`,
  ]
}

function details(one: DestinationStatus, paint: Paint): string[] {
  const { name, state, reason, paused, replays = [], skipped, lastError } = one
  const lines = [
    ...(reason === undefined ? [] : [`${paint.bad(state)}: ${reason}`]),
    ...(paused === undefined ? [] : [`${pausedBy(paused)}`]),
    ...replays.map(
      ({ id, position, to }) =>
        `replay ${id}: has come to delivery ${position.seq} of ${to}; replay ${name} --cancel ends it`,
    ),
    ...countLine('skipped', Object.entries(skipped)),
    ...(lastError === undefined ? [] : [`last error ${formatTime(lastError.at)}: ${lastError.message}`]),
  ]
  return lines.length === 0 ? [] : ['', paint.bold(name), ...lines.map((line) => `  ${line}`)]
}

function pausedBy({ by, since, nextTry }: NonNullable<DestinationStatus['paused']>): string {
  const next = nextTry === undefined ? 'until somebody resumes it' : `next try ${formatTime(nextTry)}`
  return `paused since ${formatTime(since)} ${PAUSED_BY[by]}, ${next}`
}

const PAUSED_BY = {
  failures: 'after too many failures',
  refused: 'because it refuses everything',
  hand: 'by hand',
  aside: 'because sending to it has ended the process',
} as const

function countLine(title: string, counts: readonly (readonly [string, number])[]): string[] {
  const some = counts.filter(([, count]) => count > 0)
  return some.length === 0 ? [] : [`${title}: ${some.map(([name, count]) => `${name} ${count}`).join(', ')}`]
}
