import type { Answered } from '../core/bevy/evidence.ts'
import { ANSWERED, type Inferred, type RuleReport } from '../core/bevy/infer.ts'
import type { ProbeReport } from '../core/bevy/probe.ts'
import type { DelayLaw, Reading } from '../core/bevy/sending.ts'
import type { DoctorReport } from '../core/doctor/report.ts'
import { formatSize } from '../core/durations.ts'
import { alignColumns, formatAge, formatTime, type Paint } from './text.ts'

const READINGS: Readonly<Record<Reading, string>> = {
  R1: 'only 200 acknowledges',
  R2: 'every answer below 400 acknowledges',
  R3: '200 acknowledges, and every answer from 400 up too: never refuse with a status',
}

const LAWS: Readonly<Record<DelayLaw, string>> = {
  exponential: 'after 10, 20, 40 … minutes, the last after 42.5 hours',
  linear: 'after 10, 20, 30 … minutes, the last after 46 hours',
  literal: 'at once, then after 20, 40, 60 … minutes, the last after 45.3 hours',
}

const KINDS: Readonly<Record<Answered, string>> = {
  closed: 'closed connections',
  below400: 'other answers below 400',
  from400: 'answers from 400 up',
}

const ENDS: Readonly<Record<NonNullable<ProbeReport['end']>, string>> = {
  through: 'its last delivery was taken',
  silence: 'it did not come again',
  nothing: 'nothing came',
  changed: 'the record was changed meanwhile: do it again, and change it once only',
  cancelled: 'it was ended by hand',
}

/** The whole report as text. */
export function formatDoctor(report: DoctorReport, paint: Paint): string {
  const { state, version, runtime, rule, probe, secrets, destinations, disk, alerts, findings, clock } = report
  const { now } = clock
  const free = disk.free === undefined ? 'cannot be measured' : `${formatSize(disk.free)} free`
  const machine = [
    ['disk', `${free}, nothing is received below ${formatSize(disk.minFree)}`],
    ['clock', formatTime(now)],
    ['alerts', alerts.channels.length === 0 ? 'to nobody' : `to ${alerts.channels.join(', ')}`],
    ['heartbeat', alerts.heartbeat ? 'on' : 'off'],
  ]
  const uses = secrets.map(({ place, fingerprint, since, last }) => [
    `secret ${place}`,
    fingerprint,
    last === undefined ? `not used since ${formatTime(since)}` : `last used ${formatAge(Math.max(0, now - last))} ago`,
  ])
  const stands = destinations.map(({ name, line }) => [name, line])
  const said = findings.flatMap(({ severity, about, what, mend }) => [
    `  ${severity === 'bad' ? paint.bad('bad') : paint.odd('odd')}  ${about}: ${what}`,
    `       mend: ${mend}`,
  ])
  return [
    `bevy-bridge ${version} on ${runtime}: ${state === 'running' ? 'running' : 'not running (read from the store)'}`,
    paint.bold('What this Bevy seems to do'),
    ...formatRule(rule),
    ...(probe === undefined ? [] : [`  probe: ${probeLine(probe)}`]),
    paint.bold('Secrets'),
    ...alignColumns(uses, { indent: 2 }),
    paint.bold('Destinations'),
    ...(stands.length === 0 ? ['  none'] : alignColumns(stands, { indent: 2 })),
    paint.bold('Machine'),
    ...alignColumns(machine, { indent: 2 }),
    paint.bold('Findings'),
    ...(said.length === 0 ? [`  ${paint.good('none')}`] : said),
    '',
  ].join('\n')
}

/** What was inferred, with what it rests on. */
export function formatRule(rule: RuleReport): string[] {
  const counts = ANSWERED.flatMap((answered) => {
    const { repeated, silent } = rule.answers[answered]
    return repeated + silent === 0 ? [] : [`${KINDS[answered]} ${repeated} came again, ${silent} did not`]
  })
  return [
    `  acknowledged by: ${inferred(rule.reading, READINGS)}`,
    `  tries again: ${inferred(rule.delays, LAWS)}`,
    `  seen: ${counts.length === 0 ? 'no refused delivery yet' : counts.join('; ')}${rule.open > 0 ? `; ${rule.open} watched` : ''}`,
  ]
}

/** How a probe stands. */
export function probeLine({ state, key = 'the next record', attempts, end, until }: ProbeReport): string {
  const told = attempts.map(({ answer, gap }) => {
    const how = answer === 200 ? 'taken' : answer === 'close' ? 'closed' : `answered ${answer}`
    return `${gap === undefined ? '' : `after ${formatAge(gap)} `}${how}`
  })
  const now = state === 'done' ? ENDS[end ?? 'cancelled'] : `waits until ${formatTime(until)}`
  return `${key}: ${[...told, now].join(', ')}`
}

function inferred<T extends string>(found: Inferred<T>, words: Readonly<Record<T, string>>): string {
  if (found.state !== 'open') {
    const { value, state, seen } = found
    return `${words[value]} (${value}, ${state}, seen ${seen === 1 ? 'once' : `${seen} times`})`
  }
  if (found.mixed) return 'what was seen contradicts itself'
  const left = found.possible.length < 3 && found.possible.length > 0 ? `: ${found.possible.join(' or ')}` : ''
  return `not enough seen${left}`
}
