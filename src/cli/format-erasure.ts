import type { ErasureAt, ErasurePlan, ErasureReport } from '../core/erasure/report.ts'
import { alignColumns, formatTime } from './text.ts'

const some = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** What an erasure would find. */
export function formatErasurePlan({
  accounts,
  addresses,
  counts,
  shared,
  unopened,
  destinations,
}: ErasurePlan): string {
  const told = destinations.filter(({ tells }) => tells).map(({ name }) => name)
  const silent = destinations.filter(({ tells }) => !tells).map(({ name }) => name)
  return lines(
    `${some(accounts, 'account')}, ${some(addresses, 'address', 'addresses')}`,
    `${some(counts.records, 'record')} in ${some(counts.bodies, 'delivery', 'deliveries')}, ${some(counts.heads, 'head')}, ${some(counts.sent, 'state')} sent to destinations`,
    ...remarks(shared, unopened),
    told.length === 0 ? undefined : `would be told: ${told.join(', ')}`,
    silent.length === 0 ? undefined : `cannot forget: ${silent.join(', ')}`,
  )
}

/** An erasure. */
export function formatErasure(report: ErasureReport): string {
  const { id, at, by, state, accounts, addresses, counts, shared, unopened, destinations, scrubbed, live } = report
  const what = { waiting: 'not begun', purging: 'under way', telling: 'not all destinations are told', done: 'done' }
  const gone = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([place, count]) => `${count} ${PLACES[place as keyof typeof PLACES]}`)
  return lines(
    `${id}  ${formatTime(at)}  ${by === 'bevy' ? 'deleted in Bevy' : 'by hand'}  ${what[state]}`,
    `  ${some(accounts, 'account')}, ${some(addresses, 'address', 'addresses')}; erased: ${gone.length === 0 ? 'nothing was found' : gone.join(', ')}`,
    ...remarks(shared, unopened).map((line) => `  ${line}`),
    scrubbed || state === 'waiting' ? undefined : '  the disk may still hold overwritten bytes; tried again by itself',
    ...alignColumns(
      destinations.map((one) => [one.name, stateOf(one, live)]),
      { indent: 2 },
    ),
  )
}

const PLACES = {
  bodies: 'bodies',
  records: 'records',
  mentions: 'mentions',
  heads: 'heads',
  emails: 'lookups',
  quarantine: 'in quarantine',
  waiting: 'waiting jobs',
  dead: 'dead letters',
  sent: 'sent states',
  state: 'documents of plugins',
}

function stateOf({ state, attempts, reason, due }: ErasureAt, live: boolean): string {
  const why = reason === undefined ? '' : `: ${reason}`
  if (state !== 'pending') return `${state}${why}`
  const tried = attempts === 0 ? '' : ` after ${some(attempts, 'attempt')}`
  const when = live ? (due === undefined ? '' : `, next ${formatTime(due)}`) : ', with the next start'
  return `pending${tried}${why}${when}`
}

function remarks(shared: number, unopened: number): string[] {
  return [
    ...(shared === 0
      ? []
      : [`${some(shared, 'record')} of other accounts with the same address stay; --email erases those too`]),
    ...(unopened === 0 ? [] : [`${some(unopened, 'body', 'bodies')} that cannot be opened were searched as they are`]),
  ]
}

function lines(...all: (string | undefined)[]): string {
  return all
    .filter((line) => line !== undefined)
    .map((line) => `${line}\n`)
    .join('')
}
