/** From facts to findings. Pure. */

import type { RuleReport } from '../bevy/infer.ts'
import type { DestinationStatus, StatusReport } from '../dispatch/reports.ts'
import { formatDuration, formatSize } from '../durations.ts'
import { describeUnseen } from '../expressions/unseen.ts'
import type { Settings } from '../settings.ts'
import type { DoctorReport, Finding } from './report.ts'

/** What is looked at. */
export interface DoctorFacts {
  readonly status: StatusReport
  readonly settings: Settings
  readonly report: Omit<DoctorReport, 'findings' | 'destinations'>
}

const MINUTE = 60_000
const DAY = 86_400_000
/** An accepted secret nobody has used for so long is an old one. */
const UNUSED = 30 * DAY
/** A clock before this is wrong: the program is younger. */
const YOUNGEST = Date.UTC(2026, 0, 1)

/** What should be looked at, the worst first. */
export function diagnose({ status, settings, report }: DoctorFacts): Finding[] {
  const found = [
    ...ofRule(report.rule, settings),
    ...ofReceiver(settings),
    ...ofSecrets(report),
    ...ofDestinations(status),
    ...ofQuarantine(status),
    ...report.unseen.map((one) => odd('fields', describeUnseen(one), 'the route or mapping that reads it, or Bevy')),
    ...ofDisk(report),
    ...ofClock(report),
    ...ofRuntime(report.runtime),
    ...ofStorage(settings),
    ...ofAlerts(report),
  ]
  return found.sort((a, b) => Number(b.severity === 'bad') - Number(a.severity === 'bad'))
}

/** How a destination stands, in one line. */
export function lineOf(one: DestinationStatus, now: number): string {
  const { state, reason, lag, dead, lastSuccess } = one
  return [
    `${state}${reason === undefined ? '' : `: ${reason}`}`,
    lag.deliveries === 0 ? 'nothing waits' : `${lag.deliveries} deliveries behind`,
    ...(dead > 0 ? [`${dead} dead`] : []),
    lastSuccess === undefined ? 'no success yet' : `last success ${about(now - lastSuccess)} ago`,
  ].join(', ')
}

function ofRule({ reading, answers }: RuleReport, { receiver }: Settings): Finding[] {
  const found: Finding[] = []
  const { closed } = answers
  if (closed.silent > 0) {
    const seen = `${closed.silent} of ${closed.silent + closed.repeated} records whose connection was closed did not come again`
    found.push(bad('Bevy', `${seen}: what is refused may be lost`, '`bevy-bridge reconcile`, and ask Bevy support'))
  }
  if (receiver.refuse === 'status') {
    if (reading.state !== 'open' && reading.value === 'R3') {
      const what = 'this Bevy takes answers from 400 up as acknowledged: what is refused with a status is lost'
      found.push(bad('Bevy', what, '`receiver.refuse: close`'))
    } else if (reading.state === 'open') {
      const what = 'refused deliveries are answered with a status, and whether this Bevy repeats these is not known'
      found.push(odd('Bevy', what, '`receiver.refuse: close`, or `bevy-bridge doctor --probe` on a test instance'))
    }
  }
  return found
}

function ofReceiver({ receiver }: Settings): Finding[] {
  const { publicUrl } = receiver
  if (publicUrl === undefined || publicUrl.startsWith('https:')) return []
  return [odd('receiver', 'Bevy posts to https only, and receiver.publicUrl is none', '`receiver.publicUrl`')]
}

function ofSecrets({ secrets, clock: { now } }: DoctorFacts['report']): Finding[] {
  const used = secrets.some(({ last }) => last !== undefined && now - last < UNUSED)
  if (!used) return []
  return secrets
    .filter(({ last, since }) => now - (last ?? since) >= UNUSED)
    .map(({ place, fingerprint, last }) => {
      const when = last === undefined ? 'was never used' : `was last used ${about(now - last)} ago`
      return odd(
        'secrets',
        `secret ${place} (${fingerprint}) ${when}, another is in use`,
        'take it out of `receiver.secrets`',
      )
    })
}

function ofDestinations({ destinations, state }: StatusReport): Finding[] {
  return destinations.flatMap((one) => {
    const found: Finding[] = []
    const { name, reason = '', dead } = one
    const where = `destination ${name}`
    if (one.state === 'paused') {
      found.push(bad(where, `it is paused: ${reason}`, `mend the cause, then \`bevy-bridge resume ${name}\``))
    } else if (one.state === 'stopped' && state === 'running') {
      found.push(bad(where, `it does not run: ${reason}`, '`bevy-bridge check`'))
    } else if (one.state === 'degraded') {
      found.push(odd(where, `it fails again and again: ${reason}`, '`bevy-bridge check --live`'))
    } else if (one.state === 'orphaned') {
      found.push(odd(where, reason, `\`was: ${name}\`, or \`bevy-bridge forget ${name}\``))
    }
    if (dead > 0) {
      found.push(odd(where, `${dead} dead letters`, `\`bevy-bridge dead list --destination ${name}\``))
    }
    return found
  })
}

function ofQuarantine({ journal: { quarantined } }: StatusReport): Finding[] {
  return quarantined > 0 ? [odd('quarantine', `${quarantined} wait for a person`, '`bevy-bridge quarantine list`')] : []
}

function ofDisk({ disk: { free, minFree } }: DoctorFacts['report']): Finding[] {
  if (free === undefined || free >= 2 * minFree) return []
  const what = `${formatSize(free)} free, storage.minFree is ${formatSize(minFree)}`
  const mend = 'make room, or lower `storage.minFree`'
  return free < minFree ? [bad('disk', `${what}: nothing is received`, mend)] : [odd('disk', what, mend)]
}

function ofClock({ clock: { now, newest, behind, jumped } }: DoctorFacts['report']): Finding[] {
  const mend = "set the machine's clock, and keep it right with NTP (`timedatectl set-ntp true`)"
  if (now < YOUNGEST) return [bad('clock', `it says ${new Date(now).toISOString().slice(0, 10)}`, mend)]
  if (newest !== undefined && newest > now + MINUTE) {
    return [
      bad('clock', `the newest delivery was received ${about(newest - now)} from now: the clock was set back`, mend),
    ]
  }
  if (behind !== undefined && behind > 2 * MINUTE) {
    return [odd('clock', `events from Bevy were changed up to ${about(behind)} after they were received here`, mend)]
  }
  if (jumped !== undefined && Math.abs(jumped) > MINUTE) {
    return [odd('clock', `it was moved by ${jumped < 0 ? '-' : ''}${about(Math.abs(jumped))} since the start`, mend)]
  }
  return []
}

/** The oldest versions it is tested with. */
const OLDEST: Readonly<Record<string, readonly [number, number]>> = { node: [22, 18], bun: [1, 4] }

function ofRuntime(runtime: string): Finding[] {
  const [, name = '', major, minor] = /^(\w+) (\d+)\.(\d+)/.exec(runtime) ?? []
  const oldest = OLDEST[name]
  if (oldest === undefined || Number(major) > oldest[0]) return []
  if (Number(major) === oldest[0] && Number(minor) >= oldest[1]) return []
  return [odd('runtime', `${runtime} is older than ${oldest.join('.')}`, 'a newer one')]
}

function ofStorage({ storage }: Settings): Finding[] {
  if (storage.driver === 'memory') {
    return [bad('storage', 'everything is lost at the end: the store is in memory', '`storage.driver: sqlite`')]
  }
  if (!storage.unsafe) return []
  return [
    odd('storage', 'storage.unsafe lets a driver run that may lose what was acknowledged', '`storage.driver: sqlite`'),
  ]
}

function ofAlerts({ alerts: { channels, heartbeat } }: DoctorFacts['report']): Finding[] {
  if (channels.length === 0) {
    return [
      odd('alerts', 'nobody is told when something goes wrong', '`alerts.channels`, then `bevy-bridge alerts test`'),
    ]
  }
  return heartbeat ? [] : [odd('alerts', 'a bridge that is dead tells nobody', '`alerts.heartbeat`')]
}

function about(ms: number): string {
  const unit = ms >= 2 * DAY ? DAY : ms >= 2 * 60 * MINUTE ? 60 * MINUTE : ms >= 2 * MINUTE ? MINUTE : 1000
  return formatDuration(Math.round(Math.max(0, ms) / unit) * unit)
}

function bad(subject: string, what: string, mend: string): Finding {
  return { severity: 'bad', about: subject, what, mend }
}

function odd(subject: string, what: string, mend: string): Finding {
  return { severity: 'odd', about: subject, what, mend }
}
