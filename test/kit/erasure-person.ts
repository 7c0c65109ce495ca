/** One person in everything the bridge keeps, among others, and a search for every byte of them. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { JsonObject } from '../../src/core/types.ts'

/** Words that stand for the person and for nothing else. */
export const TRACES = [
  'Peregrina',
  'Oxblood',
  'peregrina.oxblood@canary.example',
  'old.address@canary.example',
  'walk-in@canary.example',
  'allergic-to-quinces',
  '+15550100987',
  'a-speaker-since-1999',
]

const user = { id: 4, first_name: 'Peregrina', last_name: 'Oxblood', email: 'Peregrina.Oxblood@Canary.Example' }
const other = { id: 5, first_name: 'Quentin', last_name: 'Remains', email: 'quentin@stays.example' }
const attendee = (id: number, more: JsonObject): JsonObject => ({ id, event_id: 9001, status: 'registered', ...more })
const answers = {
  pre_order: {
    created_date: '2026-03-02T09:14:05Z',
    fields: [
      { label: 'Diet', value: 'allergic-to-quinces' },
      { label: 'Phone', value: '+15550100987' },
    ],
  },
}
const event = (title: string, updated: string, more: JsonObject): JsonObject => ({
  id: 9001,
  title,
  status: 'Published',
  start_date: '2026-04-01T18:00:00+02:00',
  updated_ts: updated,
  ...more,
})

/** Deliveries, in order: text, or bytes with their encoding. */
export function deliveries(): { readonly body: string | Uint8Array; readonly encoding?: string }[] {
  const envelope = (type: string, ...data: JsonObject[]): string => JSON.stringify([{ type, data }])
  const text = (body: string) => ({ body })
  const mine = attendee(2600, { user_id: 4, ...user, id: 2600, surveys: answers })
  return [
    text(envelope('user', { ...user, email: 'old.address@canary.example' }, other)),
    text(envelope('user', user)),
    // Several in one body, oddly spaced, with a number that JSON.parse would round.
    text(
      `[ {"data":[ ${JSON.stringify(attendee(2599, { user_id: 5, ...other, id: 2599, odd: 1 })).replace('"odd":1', '"odd" : 12345678901234567890.10')} ,\n${JSON.stringify(mine)}], "type":"attendee"} ]`,
    ),
    { body: gzipSync(envelope('attendee', { ...mine, status: 'checked-in' })), encoding: 'gzip' },
    text(
      envelope(
        'attendee',
        attendee(2601, { user_id: null, email: 'PEREGRINA.oxblood@canary.example', first_name: 'P.' }),
      ),
    ),
    text(
      envelope('chaptermember', { id: 31, chapter_id: 77, user: { ...user } }, { id: 32, chapter_id: 77, user: other }),
    ),
    // Escaped, so that the bytes do not show it.
    text(
      envelope('attendee', attendee(2602, { user_id: 4, email: 'peregrina.oxblood@canary.example' })).replace(
        '@',
        '\\u0040',
      ),
    ),
    text(
      envelope(
        'event',
        event('Quinces', '2026-03-01T10:00:00Z', {
          published_by: user,
          published_by_full_name: 'Peregrina  Oxblood',
          key_persons: [
            { id: 1, title: 'a-speaker-since-1999', user },
            { id: 2, user: other },
          ],
          chapter: {
            id: 77,
            title: 'Berlin',
            chapter_team: [
              { id: 1, title: 'Lead', user },
              { id: 2, title: 'Host', user: other },
            ],
          },
        }),
      ),
    ),
    text(envelope('event', event('Quinces and pears', '2026-03-02T10:00:00Z', { key_persons: [] }))),
    // Bodies and records nobody can use.
    text('{ "email": "peregrina.oxblood@canary.example", broken'),
    text(envelope('attendee', { email: 'peregrina.oxblood@canary.example', note: 'has no id' })),
  ]
}

/** Later states of the same records. */
export const walkIn = JSON.stringify([
  { type: 'attendee', data: [attendee(2603, { user_id: 4, email: 'walk-in@canary.example' })] },
])

/** What of the person is in any file below a folder, as `file: word`. */
export function tracesIn(folder: string, words: readonly string[] = TRACES): string[] {
  const found: string[] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const bytes = readFileSync(file).toString('latin1').toLowerCase()
    for (const word of words) if (bytes.includes(word.toLowerCase())) found.push(`${entry.name}: ${word}`)
    for (const word of words)
      if (file.toLowerCase().includes(word.toLowerCase())) found.push(`name of ${file}: ${word}`)
  }
  return found
}
