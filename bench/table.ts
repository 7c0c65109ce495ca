/** What is printed: a table per runtime, ratios as median and range over the rounds. */

import type { Measured, Round } from './measures.ts'

/** Middle, least and most. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** What was hoped for on Node, as bridge over reference. */
export const TARGETS: Readonly<Record<string, number>> = {
  'acknowledge-1': 0.9,
  'acknowledge-500': 0.4,
  'forward-1': 0.6,
}

/** A measure in figures. */
export interface Summary {
  readonly measure: string
  readonly ratio: Spread
  readonly bridge: Readonly<Record<Exclude<keyof Round, 'name'>, number>>
  readonly reference: Readonly<Record<Exclude<keyof Round, 'name'>, number>>
}

/** Summarises a measure; rates are compared within a round, never across. */
export function summarise({ measure, rounds }: Measured): Summary {
  const of = (name: Round['name']) => rounds.filter((round) => round.name === name)
  const [bridge, reference] = [of('bridge'), of('reference')]
  return {
    measure,
    ratio: spreadOf(bridge.map(({ rate }, index) => rate / (reference[index]?.rate ?? Number.NaN))),
    bridge: mediansOf(bridge),
    reference: mediansOf(reference),
  }
}

/** Lines of a table. */
export function formatTable(summaries: readonly Summary[]): string[] {
  const head = [
    'measure',
    'side',
    'records/s',
    'ratio (min-max)',
    'sustained/s',
    'p50 ms',
    'p99',
    'p99.9',
    'CPU µs',
    'written B',
    'RSS MB',
    'gen',
  ]
  const rows = summaries.flatMap(({ measure, ratio, bridge, reference }) =>
    (
      [
        ['bridge', bridge],
        ['reference', reference],
      ] as const
    ).map(([side, one]) => [
      side === 'bridge' ? measure : '',
      side,
      one.rate.toFixed(0),
      side === 'bridge' ? ratioOf(measure, ratio) : '',
      one.sustained.toFixed(0),
      one.p50.toFixed(2),
      one.p99.toFixed(1),
      one.p999.toFixed(1),
      one.cpu.toFixed(1),
      one.written.toFixed(0),
      (one.rss / 1e6).toFixed(0),
      one.generator.toFixed(2),
    ]),
  )
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
}

function ratioOf(measure: string, { median, min, max }: Spread): string {
  const target = TARGETS[measure]
  const mark = target === undefined ? '' : median >= target ? ` ≥ ${target}` : ` < ${target}`
  return `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})${mark}`
}

function mediansOf(rounds: readonly Round[]): Summary['bridge'] {
  const median = (name: Exclude<keyof Round, 'name'>) => spreadOf(rounds.map((round) => round[name])).median
  return {
    rate: median('rate'),
    sustained: median('sustained'),
    p50: median('p50'),
    p99: median('p99'),
    p999: median('p999'),
    cpu: median('cpu'),
    generator: median('generator'),
    rss: median('rss'),
    written: median('written'),
  }
}

/** Middle and ends of some values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const half = Math.floor(sorted.length / 2)
  return {
    median: sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  }
}
