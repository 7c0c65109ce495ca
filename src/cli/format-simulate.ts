import { formatSize } from '../core/durations.ts'
import { alignColumns, formatAge, type Paint } from './text.ts'

/** What came of a simulation. */
export interface SimulateReport {
  readonly target: string
  /** Absent when files were sent. */
  readonly seed?: number
  readonly posts: number
  /** POSTs that were not the first of their records. */
  readonly retries: number
  readonly bytes: number
  /** Milliseconds. */
  readonly duration: number
  /** POSTs by answer: a status, or `no answer (reset)`. */
  readonly answers: Readonly<Record<string, number>>
  /** Milliseconds until the answer. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Records whose newest state was acknowledged. */
  readonly acknowledged: number
  readonly givenUp: number
  /** Records that were neither when the run was ended. */
  readonly pending: number
}

/** The report as text. */
export function formatSimulation(report: SimulateReport, paint: Paint): string {
  const { posts, retries, bytes, duration, answers, latency, acknowledged, givenUp, pending } = report
  const perSecond = duration > 0 ? `, ${Math.round((posts / duration) * 10_000) / 10} a second` : ''
  const rows = [
    ['target', `${report.target}${report.seed === undefined ? '' : ` (seed ${report.seed})`}`],
    [
      'sent',
      `${count(posts, 'POST')}, ${count(retries, 'retry', 'retries')}, ${formatSize(bytes)} in ${formatAge(duration)}${perSecond}`,
    ],
    [
      'answers',
      Object.entries(answers)
        .map(([label, n]) => `${label === '200' ? paint.good(label) : paint.odd(label)} ×${n}`)
        .join(', ') || 'none',
    ],
    ['time', `half within ${latency.p50} ms, 99 % within ${latency.p99} ms, slowest ${latency.max} ms`],
    [
      'records',
      [
        `${acknowledged} acknowledged`,
        ...(givenUp > 0 ? [paint.bad(`${givenUp} given up`)] : []),
        ...(pending > 0 ? [paint.odd(`${pending} still pending`)] : []),
      ].join(', '),
    ],
  ]
  return `${alignColumns(rows).join('\n')}\n`
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
