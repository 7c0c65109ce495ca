import { relative } from 'node:path'
import type { BatchSchedule } from '../core/plugin-contract.ts'
import type { ConfigProblem, LiveCheck } from '../core/dispatch/reports.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'
import type { BevySwitch } from './deps.ts'
import { formatAge } from './text.ts'
import { alignColumns, type Paint } from './text.ts'

/** `file:line:column path: message`, one a line; files below `cwd` relative to it. */
export function formatProblems(problems: readonly ConfigProblem[], cwd: string): string {
  return problems.map((problem) => `${formatProblem(problem, cwd)}\n`).join('')
}

function formatProblem({ file, line, column, path, message }: ConfigProblem, cwd: string): string {
  const short = relative(cwd, file)
  const place = [short === '' || short.startsWith('..') ? file : short, ...(line > 0 ? [line, column] : [])].join(':')
  return line > 0
    ? `${place} ${path === '' ? '' : `${path}: `}${message}`
    : `${place}: ${path === '' ? '' : `${path}: `}${message}`
}

/** What a good config says: destinations, routes, and what to switch on in Bevy. */
export function formatConfig(settings: Settings, switches: readonly BevySwitch[], paint: Paint): string {
  const destinations = settings.destinations.map((one) => [one.name, one.plugin.name, one.mode, policyOf(one)])
  const routes = settings.routes.map(({ name, to }) => [name, to.length > 0 ? `to ${to.join(', ')}` : 'to nowhere'])
  const needs = switches.map(({ type, routes: by }) => [type, `for ${by.join(', ')}`])
  return [
    paint.bold('Destinations'),
    ...table(destinations),
    paint.bold('Routes'),
    ...table(routes),
    paint.bold('Switch on in Bevy, under Settings, Webhooks'),
    ...table(needs),
    '',
  ].join('\n')
}

/** What the destinations say when they are asked; empty when none was. */
export function formatLive(checks: readonly LiveCheck[], paint: Paint): string {
  if (checks.length === 0) return ''
  const rows = checks.flatMap(({ name, checked, problems }) =>
    problems.length > 0
      ? problems.map((problem) => [name, `${paint.bad('not well')}: ${problem}`])
      : [[name, checked ? paint.good('well') : paint.dim('its plugin has nothing to ask')]],
  )
  return [paint.bold('Asked'), ...table(rows), ''].join('\n')
}

function table(rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? ['  none'] : alignColumns(rows, { indent: 2 })
}

function policyOf({ account, batch, concurrency, timeout, retry, rate, maxAge, onLeave }: DestinationSettings): string {
  return [
    ...(account === undefined ? [] : [`account ${account}`]),
    batch.schedule === undefined
      ? batch.size > 1
        ? `batches of ${batch.size}`
        : 'one by one'
      : scheduleOf(batch.schedule),
    `${concurrency} at once`,
    ...(rate === undefined ? [] : [`${rate.limit} per ${formatAge(rate.per)}`]),
    `timeout ${formatAge(timeout)}`,
    `retries for ${formatAge(retry.for)}`,
    ...(maxAge === undefined ? [] : [`nothing older than ${formatAge(maxAge)}`]),
    ...(onLeave === 'send' ? ['tells what left'] : []),
  ].join(', ')
}

function scheduleOf({ when, timezone, by }: BatchSchedule): string {
  const time =
    'at' in when
      ? `at ${when.at} ${timezone === 'chapter' ? "in the chapter's zone" : timezone}`
      : `every ${formatAge(when.every)}`
  return `gathered, ${time}${by === undefined ? '' : ` by ${by}`}`
}
