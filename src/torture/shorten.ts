/** Makes a config fit for torture: nobody is told of anything, and waits are cut, since a run is minutes where life is days. */

import type { DestinationSettings, Settings } from '../core/settings.ts'

/** Milliseconds at most. */
const MOST = { delay: 100, maxDelay: 1_500, probe: 500, join: 1_500, batch: 200, schedule: 1_500 } as const

/** The same settings without anyone to alert, with short waits for retries, joins and batches, no rates, and nothing too old to be sent. */
export function shorten(settings: Settings): Settings {
  const alerts = { ...settings.alerts, channels: {}, notify: {}, heartbeat: undefined }
  // Invented records are none of Bevy's business.
  return { ...settings, alerts, bevy: undefined, destinations: settings.destinations.map(shortenDestination) }
}

function shortenDestination(destination: DestinationSettings): DestinationSettings {
  const { batch, retry, join, health } = destination
  return {
    ...destination,
    batch: {
      ...batch,
      wait: Math.min(batch.wait, MOST.batch),
      ...(batch.schedule !== undefined && { schedule: { ...batch.schedule, when: { every: MOST.schedule } } }),
    },
    retry: {
      ...retry,
      delay: Math.min(retry.delay, MOST.delay),
      maxDelay: Math.min(retry.maxDelay, MOST.maxDelay),
    },
    join: { ...join, wait: Math.min(join.wait, MOST.join) },
    health: { ...health, probe: { delay: MOST.delay, maxDelay: MOST.probe } },
    rate: undefined,
    maxAge: undefined,
  }
}
