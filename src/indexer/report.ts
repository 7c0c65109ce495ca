/** What people are told of a batch. */

import type { Alerts, Log } from '../core/ports.ts'
import type { Evaluated, EvaluatedDelivery } from './evaluate.ts'

/** Logs each delivery and raises alerts for what went into quarantine and for types never seen before. */
export function report(evaluated: Evaluated, log: Log, alerts: Alerts): void {
  for (const delivery of evaluated.deliveries) {
    const { seq, records } = delivery.indexed
    log.debug('delivery indexed', { seq, records: records.length, accepted: countAccepted(delivery) })
    if (delivery.quarantined.length > 0) reportQuarantine(delivery, log, alerts)
  }
  for (const type of evaluated.newTypes) {
    log.warn('records of an unknown type', { type })
    const message =
      type === '(other)'
        ? 'Bevy sends records of more than 200 unknown types. They are kept and routed like any other.'
        : `Bevy sends records of type "${type}", which this version does not know. They are kept and routed like any other.`
    alerts.raise({ cause: 'unknown-type', subject: type, message, facts: { type } })
  }
}

function reportQuarantine({ indexed, quarantined }: EvaluatedDelivery, log: Log, alerts: Alerts): void {
  const { seq } = indexed
  // One alert for each kind of problem, not for each of 500 records.
  for (const code of new Set(quarantined.map((problem) => problem.code))) {
    const alike = quarantined.filter((problem) => problem.code === code)
    const reason = alike[0]?.reason ?? ''
    const isBody = code.startsWith('ERR_BODY_')
    const what = isBody ? `Delivery ${seq} as a whole` : `${alike.length} of the records in delivery ${seq}`
    log.warn('put into quarantine', { seq, code, reason, ...(isBody ? {} : { records: alike.length }) })
    const message = `${what} could not be used and went into quarantine: ${reason}. Nothing of it is lost.`
    alerts.raise({ cause: 'quarantine', subject: code, message, facts: { seq, code, count: alike.length } })
  }
}

function countAccepted({ indexed }: EvaluatedDelivery): number {
  return indexed.records.filter(({ verdict }) => verdict === 'accepted').length
}
