import type { QuarantineDetail, QuarantineItem, QuarantineList } from '../core/dispatch/actions.ts'
import { alignColumns, formatTime, type Paint } from './text.ts'

/** What is in quarantine as a table, the newest first. */
export function formatQuarantine({ items, total }: QuarantineList): string {
  if (items.length === 0) return 'nothing is in quarantine\n'
  const rows = items.map((item) => [
    item.id,
    formatTime(item.receivedAt),
    whatOf(item),
    item.code,
    decision(item) || item.reason,
  ])
  const more = total > items.length ? [`the newest ${items.length} of ${total}; --limit shows more`] : []
  return `${[...alignColumns([['id', 'received', 'what', 'code', 'reason'], ...rows]), ...more].join('\n')}\n`
}

/** One of it, with its content where that was asked for. */
export function formatQuarantined(item: QuarantineDetail, paint: Paint): string {
  const { id, receivedAt, code, reason, bytes, encoding, contentType, data, text, base64 } = item
  const facts = [
    bytes === undefined ? '' : `${bytes} bytes`,
    contentType ?? '',
    encoding === undefined ? '' : `encoded ${encoding}`,
  ].filter(Boolean)
  const decided = decision(item)
  const content = data === undefined ? (text ?? base64) : JSON.stringify(data, null, 2)
  const lines = [
    `${paint.bold(id)}  ${whatOf(item)}, received ${formatTime(receivedAt)}`,
    `  ${paint.bad(code)}: ${reason}`,
    ...(facts.length === 0 ? [] : [`  ${facts.join(', ')}`]),
    ...(decided === '' ? [`  bevy-bridge quarantine retry ${id}`] : [`  ${decided}`]),
    ...(content === undefined ? [] : ['', content]),
  ]
  return `${lines.join('\n')}\n`
}

function whatOf({ id, type, recordId }: QuarantineItem): string {
  if (!id.includes('.')) return 'a whole body'
  return type === undefined ? 'a record' : `a record of type ${type}${recordId === undefined ? '' : `, id ${recordId}`}`
}

function decision({ done }: QuarantineItem): string {
  if (done === undefined) return ''
  if (done.state === 'discarded') return `discarded ${formatTime(done.at)}: ${done.why ?? ''}`
  return `retried ${formatTime(done.at)} as delivery ${done.seq ?? '?'}`
}
