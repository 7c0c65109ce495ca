import type { InspectedRecord, InspectReport } from '../core/dispatch/reports.ts'
import { formatRoutes } from './format-explain.ts'
import { alignColumns, formatPosition, formatTime, type Paint } from './text.ts'

/** The whole report as text. `asked` is what was looked for. */
export function formatInspect({ records }: InspectReport, asked: string, paint: Paint): string {
  if (records.length === 0) return `nothing is known of ${asked}\n`
  return records.map((record) => formatRecord(record, paint)).join('\n')
}

function formatRecord(record: InspectedRecord, paint: Paint): string {
  const { head } = record
  const lines = [
    paint.bold(record.key),
    head === undefined
      ? '  no state was ever accepted'
      : `  newest state from delivery ${formatPosition(head.position)}${versionOf(head.version)}, hash ${head.hash.slice(0, 12)}`,
    '  deliveries',
    ...alignColumns(
      record.history.map(({ position, receivedAt, verdict, version }) => [
        formatPosition(position),
        formatTime(receivedAt),
        verdict === 'accepted' ? paint.good(verdict) : paint.dim(verdict),
        versionOf(version).replace(', ', ''),
      ]),
      { indent: 4 },
    ),
    '  routes now',
    ...formatRoutes(record.routes, paint, 4),
    '  destinations',
    ...alignColumns(
      record.destinations.map((one) => [one.name, ...standing(one, paint)]),
      { indent: 4 },
    ),
  ]
  if (head?.data !== undefined) {
    lines.push(
      '  data',
      ...JSON.stringify(head.data, null, 2)
        .split('\n')
        .map((line) => `    ${line}`),
    )
  }
  return `${lines.join('\n')}\n`
}

function standing({ sent, passed, exception, dead }: InspectedRecord['destinations'][number], paint: Paint): string[] {
  const at = sent?.at === undefined ? '' : ` at ${formatTime(sent.at)}`
  const ref = sent?.ref === undefined ? '' : `, ref ${JSON.stringify(sent.ref)}`
  const none = passed === undefined ? 'nothing sent' : `${formatPosition(passed)} settled: delivered or skipped`
  const parts = [sent === undefined ? none : paint.good(`sent ${formatPosition(sent.position)}`) + at + ref]
  if (exception !== undefined) {
    const { position, waitsFor, attempts, due, reason } = exception
    const when = due === undefined ? '' : ` until ${formatTime(due)}`
    const why = reason === undefined ? '' : `: ${reason}`
    parts.push(
      paint.odd(`${formatPosition(position)} waits for ${waitsFor}${when}`) + ` after ${attempts} attempts${why}`,
    )
  }
  if (dead !== undefined) {
    const { position, at: when, attempts, reason } = dead
    parts.push(
      `${paint.bad(`${formatPosition(position)} dead`)} since ${formatTime(when)} after ${attempts} attempts: ${reason}`,
    )
  }
  return [parts.join('; ')]
}

function versionOf(micros: number | null): string {
  return micros === null
    ? ''
    : `, version ${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 23)}${String(micros % 1000).padStart(3, '0')}Z`
}
