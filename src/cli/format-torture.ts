import type { Broken } from '../core/torture/facts.ts'
import type { TortureReport } from '../core/torture/report.ts'
import { alignColumns, formatAge, formatPosition, type Paint } from './text.ts'

/** Broken promises that are printed one by one; `--json` has them all. */
const MOST_LISTED = 50

/** What came of a torture run, as text. */
export function formatTorture(report: TortureReport, paint: Paint): string {
  const { ledger, failures, folder } = report
  const { broken } = ledger
  const ends = [
    `${report.kills} killed`,
    `${report.killsAtCommit} killed at a commit`,
    `${report.stops} stopped`,
    ...(report.fullStarts > 0 ? [`${report.fullStarts} not started on a full disk`] : []),
  ]
  const verdicts = Object.entries(ledger.verdicts).map(([verdict, count]) => `${count} ${verdict}`)
  const lines = [
    ...alignColumns([
      ['seed', String(report.seed)],
      ['lives', `${report.lives} in ${formatAge(report.duration)}: ${ends.join(', ')}`],
      ['faults', `${report.diskFull} full disks, ${report.outages} outages, ${report.reloads} reloads`],
      ['posts', `${report.posts}, ${ledger.acknowledged} acknowledged, ${ledger.deliveries} in the journal`],
      ...(ledger.setAside > 0
        ? [['set aside', `${ledger.setAside} deliveries, unopened: three lives had ended while each was under way`]]
        : []),
      ['records', `${ledger.records}: ${verdicts.join(', ')}`],
    ]),
    '',
    ...alignColumns(
      [
        ['destination', 'delivered', 'waiting', 'dead', 'skipped', 'repeated', ''],
        ...ledger.destinations.map(({ name, delivered, waiting, dead, skipped, repeated }) => [
          name,
          ...[delivered, waiting, dead, Object.values(skipped).reduce((sum, count) => sum + count, 0), repeated].map(
            String,
          ),
          Object.entries(skipped)
            .map(([reason, count]) => `${count} ${reason}`)
            .join(', '),
        ]),
      ],
      { right: [1, 2, 3, 4, 5] },
    ),
    '',
    ...failures.map((failure) => `${paint.bad('failed')}  ${failure}`),
    ...broken.slice(0, MOST_LISTED).map((one) => `${paint.bad('broken')}  ${toLine(one)}`),
    ...(broken.length > MOST_LISTED ? [`… and ${broken.length - MOST_LISTED} more`] : []),
    broken.length + failures.length === 0
      ? `${paint.good('ok')}  every acknowledged record is delivered, waiting, dead or skipped for a reason`
      : `${broken.length} promises broken, ${failures.length} failures; store, files and log are in ${folder}`,
  ]
  return `${lines.join('\n')}\n`
}

function toLine({ promise, destination, key, position, detail }: Broken): string {
  const where = [destination, key, position === undefined ? undefined : formatPosition(position)]
  return `${promise}: ${[...where, detail].filter((part) => part !== undefined).join(', ')}`
}
