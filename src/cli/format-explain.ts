import type {
  ExplainedDestination,
  ExplainedRecord,
  ExplainReport,
  RouteExplanation,
} from '../core/dispatch/reports.ts'
import { alignColumns, type Paint } from './text.ts'

/** The whole report as text. */
export function formatExplain(report: ExplainReport, paint: Paint): string {
  if (report.problem !== undefined) return `${paint.bad('goes to quarantine')}: ${report.problem}\n`
  if (report.records.length === 0) return 'the body holds no records\n'
  return report.records.map((record) => formatRecord(record, paint)).join('\n')
}

function formatRecord(record: ExplainedRecord, paint: Paint): string {
  const { key, n, verdict, problem } = record
  const title = `${paint.bold(key)} (record ${n}): ${verdict === 'accepted' ? paint.good(verdict) : paint.odd(verdict)}`
  if (problem !== undefined) return `${title}\n  ${problem}; goes to quarantine\n`
  const matched = record.routes.some(({ match }) => match !== 'no')
  const lines = [
    title,
    ...formatRoutes(record.routes, paint, 2),
    ...(matched ? [] : ['  no route matches: counted as unmatched, sent nowhere']),
    ...record.destinations.flatMap((one) => formatDestination(one, paint)),
  ]
  return `${lines.join('\n')}\n`
}

/** One line per route: does it match, where to, and the condition that decided. */
export function formatRoutes(routes: readonly RouteExplanation[], paint: Paint, indent: number): string[] {
  const color = { yes: paint.good, no: paint.dim, undecided: paint.odd }
  const rows = routes.map(({ name, match, because, to, needs = [] }) => [
    color[match](match),
    name,
    `to ${to.join(', ')}`,
    needs.length > 0 ? `${because} (waits for ${needs.join(', ')})` : because,
  ])
  return rows.length === 0 ? [`${' '.repeat(indent)}there are no routes`] : alignColumns(rows, { indent })
}

function formatDestination(one: ExplainedDestination, paint: Paint): string[] {
  const color = { sends: paint.good, waits: paint.odd, skips: paint.dim }[one.state]
  const why = one.because === undefined ? '' : `: ${one.because}`
  const lines = [`  ${paint.bold(one.name)} (${one.plugin}, ${one.mode}) ${color(one.state)}${why}`]
  if (one.problem !== undefined) lines.push(`    ${paint.bad('cannot be rendered')}: ${one.problem}`)
  for (const part of one.preview ?? []) {
    lines.push(
      ...JSON.stringify(part, null, 2)
        .split('\n')
        .map((line) => `    ${line}`),
    )
  }
  if (one.preview === undefined && one.problem === undefined && one.state === 'sends') {
    lines.push('    the plugin shows no preview')
  }
  return lines
}
