import { mapping, template, z } from '../../src/plugin.ts'
import { toNamePart } from './paths.ts'

const escapeFormulas = z.union([
  z.boolean(),
  z.strictObject({
    except: z.array(z.string().min(1)).min(1).describe('Headers of columns whose cells are written as they are.'),
  }),
])

/** Options of the csv plugin. */
export const options = z
  .strictObject({
    as: z
      .enum(['log', 'table'])
      .default('log')
      .describe(
        '`log`: a row for every state that is sent, in order, none twice. `table`: one row per record, its newest state; the file is ' +
          'written anew beside the old one and renamed over it. With `mode: latest` and `onLeave: send` a record that matches no longer loses its row.',
      ),
    path: template({ escape: toNamePart })
      .refine(({ source }) => source.trim() !== '' && !/[/\\]\s*$/.test(source), 'must name a file, not a folder')
      .describe(
        'The file, as a Liquid pattern; relative to the folder of the config. It may split by type, day or month: ' +
          "`exports/{{ type }}/{{ delivery.receivedAt | local: '%Y-%m' }}.csv`. Values are made safe as file names (no `/` from a " +
          'value: write two expressions). One file holds one header: when it changes, or the file is no longer as the bridge ' +
          'left it, `name.2.csv` begins. Files are made with mode 0600, for they hold personal data.',
      ),
    columns: z
      .record(z.string().min(1), mapping())
      .refine((columns) => Object.keys(columns).length > 0, 'needs at least one column')
      .optional()
      .describe(
        'Header → mapping, in order (headers that are whole numbers come first). Left out: when `path` reads `type`, the fields Bevy documents for each ' +
          'type, before them `_delivery` (delivery and running number, `12.1`) and `_received_at`, after them `_extra` with all ' +
          'other fields as JSON; else, and for types Bevy does not document, `_delivery`, `_received_at`, `_type`, `_id`, `_data` ' +
          '(the record as JSON), so that records of every type fit one header.',
      ),
    delimiter: z
      .enum([',', ';', '\t', '|'])
      .default(',')
      .describe('Between cells. `;` for spreadsheets in languages that write 1,5.'),
    bom: z.boolean().default(false).describe('Begin new files with a byte order mark, which makes Excel read UTF-8.'),
    escapeFormulas: escapeFormulas
      .default(true)
      .describe(
        "Put `'` before texts that a spreadsheet would run as a formula (they begin with = + - @, tab, a line break). It alters such " +
          "texts (`+1888…` becomes `'+1888…`): `except` names columns to leave alone, `false` turns it off for files only machines " +
          'read. Numbers are never altered.',
      ),
  })
  .superRefine(({ columns, escapeFormulas: escape }, context) => {
    if (columns === undefined || typeof escape === 'boolean') return
    for (const [index, header] of escape.except.entries()) {
      if (Object.hasOwn(columns, header)) continue
      context.addIssue({
        code: 'custom',
        path: ['escapeFormulas', 'except', index],
        message: `no column has the header "${header}"`,
      })
    }
  })

/** Validated and compiled. */
export type CsvOptions = z.output<typeof options>
