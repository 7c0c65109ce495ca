import { z } from 'zod'
import { size } from '../core/schema-helpers.ts'
import { positive } from './schema-account.ts'

const FOREVER = 'forever'

function keep(age: string, ageText: string, sizeText: string) {
  return z
    .strictObject({
      age: z
        .union([z.literal(FOREVER).transform(() => undefined), positive()])
        .prefault(age)
        .describe(`${ageText} A duration such as 30d, or forever. Default ${age}.`),
      size: size().optional().describe(`${sizeText} A size such as 5GB; the oldest go first. Default: no bound.`),
    })
    .prefault({})
}

/** How long what is stored is kept. */
export const retentionSchema = z
  .strictObject({
    journal: keep(
      '90d',
      'How long deliveries are kept, with their index entries: what can be replayed.',
      'Most that deliveries and their index entries may take.',
    ).describe('Deliveries. What a destination has not dealt with, or somebody must look at in quarantine, stays.'),
    heads: keep(
      FOREVER,
      'How long the newest state of a record is kept after it last came; never shorter than its delivery. Once it is gone the record is new. Events and chapters stay.',
      'Most that newest states may take.',
    ).describe('Newest states of records.'),
    sent: keep(
      FOREVER,
      'How long it is remembered what was last sent of a record, such as the Slack message to update or the parent of a thread.',
      'Most that it may take, all destinations together.',
    ).describe('What was last sent of each record.'),
    dead: keep(
      FOREVER,
      'How long dead letters are kept that nobody has dealt with, and the lines of discarded ones.',
      'Most that dead letters may take, all destinations together.',
    ).describe('Dead letters.'),
    quarantine: keep(
      '90d',
      'How long what was in quarantine is kept after somebody has dealt with it; never shorter than its delivery. What nobody has dealt with stays.',
      'Most that it may take.',
    ).describe('Quarantine that was dealt with.'),
  })
  .prefault({})
  .describe('How long what is stored is kept. What is still needed stays, whatever is set here.')
