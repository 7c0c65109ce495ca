import type { DeadDetail, DeadList } from '../core/dispatch/actions.ts'
import { alignColumns, formatPosition, formatTime, type Paint } from './text.ts'

/** Dead letters as a table, the newest first; or lines of discarded ones. */
export function formatDeadList({ letters, total, discarded }: DeadList): string {
  if (discarded !== undefined) {
    if (discarded.length === 0) return 'nothing was discarded\n'
    const rows = discarded.map(({ id, key, at, why }) => [formatTime(at), id, key, why])
    return `${alignColumns([['discarded', 'id', 'record', 'why'], ...rows]).join('\n')}\n`
  }
  if (letters.length === 0) return 'no dead letters\n'
  const rows = letters.map(({ id, key, at, cause, attempts, reason }) => [
    formatTime(at),
    id,
    key,
    cause,
    String(attempts),
    reason,
  ])
  const header = ['since', 'id', 'record', 'cause', 'attempts', 'reason']
  const more = total > letters.length ? [`the newest ${letters.length} of ${total}; --limit shows more`] : []
  return `${[...alignColumns([header, ...rows], { right: [4] }), ...more].join('\n')}\n`
}

/** One with every attempt; its record and what is sent for it where they were asked for. */
export function formatDeadDetail(letter: DeadDetail, paint: Paint): string {
  const { id, key, position, at, cause, reason, attempts, routes, since, needs, history, data, preview, problem } =
    letter
  const marks = [letter.redriven ? 'redriven before' : '', letter.replay ? 'of a replay' : ''].filter(Boolean)
  const lines = [
    `${paint.bold(id)}  ${key}, from delivery ${formatPosition(position)}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`,
    `  dead since ${formatTime(at)}, ${cause} after ${attempts} attempts; first due ${formatTime(since)}`,
    `  ${paint.bad(reason)}`,
    `  routes: ${routes.join(', ') || 'none'}`,
    ...(needs.length === 0 ? [] : [`  waited for: ${needs.join(', ')}`]),
    ...(history.length === 0 ? [] : ['  attempts that failed']),
    ...alignColumns(
      history.map((one) => [formatTime(one.at), one.reason]),
      { indent: 4 },
    ),
    ...(attempts > history.length && history.length > 0 ? ['    (of a long row the middle is left out)'] : []),
    ...block('record', data),
    ...(preview ?? []).flatMap((part) => block('sent', part)),
    ...(problem === undefined ? [] : [`  no preview: ${problem}`]),
    `  bevy-bridge dead redrive ${id}`,
  ]
  return `${lines.join('\n')}\n`
}

/** JSON under a heading. */
function block(title: string, value: unknown): string[] {
  if (value === undefined) return []
  const json = JSON.stringify(value, null, 2)
  return [`  ${title}`, ...json.split('\n').map((line) => `    ${line}`)]
}
