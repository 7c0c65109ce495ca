import { type Json, type JsonObject, parseInstant, type Scope } from '../../src/plugin.ts'
import type { Schemas } from './api.ts'
import type { Definitions } from './definitions.ts'
import { toMapped, usable } from './mapped.ts'
import type { EventOptions } from './options.ts'
import type { Ref } from './ref.ts'
import { isEmpty } from './values.ts'

/** What is to be done about a marketing event beside writing its fields. */
export interface EventPlan {
  readonly input: Schemas['EventInput']
  /** To be told apart from the fields: HubSpot acts on the call. */
  readonly cancel: boolean
  readonly complete?: { readonly startDateTime: string; readonly endDateTime: string }
  readonly sent: { readonly canceled: boolean; readonly completed: boolean }
}

/** Milliseconds since 1970 as HubSpot reads them. */
const iso = (value: Json | undefined): string | undefined => {
  const instant = parseInstant(value)
  return instant && new Date(Math.floor(instant.micros / 1000)).toISOString()
}

/**
 * The marketing event of an event.
 *
 * @param scope with the event as `record`; a stub `{ id }` gives "Bevy event 9001", corrected when the event is sent
 * @param now wall clock, milliseconds since 1970
 * @throws BridgeError of kind `record` for a custom property whose value does not fit
 */
export function toEvent(
  id: string,
  scope: Scope,
  settings: {
    readonly events: EventOptions
    readonly externalAccountId: string
    readonly definitions?: Definitions | undefined
  },
  { event: last }: Ref,
  now: number,
): EventPlan {
  const { events, externalAccountId, definitions } = settings
  const data = scope.record
  const canceled = data.status === 'Canceled'
  const [startDateTime, endDateTime] = [iso(data.start_date), iso(data.end_date)]
  const isOver = endDateTime !== undefined && Date.parse(endDateTime) <= now
  const isDue = events.complete && data.status === 'Published' && isOver && last?.completed !== true
  const times = startDateTime === undefined || endDateTime === undefined ? undefined : { startDateTime, endDateTime }
  const completed = last?.completed === true || (isDue && times !== undefined)
  const pick = (
    name: 'name' | 'organizer' | 'type' | 'description',
    otherwise: Json | undefined,
  ): string | undefined => {
    const mapped = events[name]?.evaluate(scope)
    const value = isEmpty(mapped) ? otherwise : mapped
    return isEmpty(value) || typeof value === 'object' ? undefined : String(value)
  }
  const custom = Object.entries(
    usable(toMapped(events.customProperties, scope, false, definitions), 'marketing events'),
  )
  return {
    input: {
      externalAccountId,
      externalEventId: id,
      eventName: pick('name', data.title) ?? `Bevy event ${id}`,
      eventOrganizer: pick('organizer', scope.chapter?.title) ?? 'Bevy',
      ...given('eventType', pick('type', data.event_type_title)),
      ...given('eventDescription', pick('description', data.description_short)),
      ...given('eventUrl', isEmpty(data.url) ? undefined : String(data.url)),
      ...given('startDateTime', startDateTime),
      ...given('endDateTime', endDateTime),
      ...(isStub(data) ? {} : { eventCancelled: canceled }),
      ...(last?.completed === true ? { eventCompleted: true } : {}),
      ...(custom.length === 0 ? {} : { customProperties: custom.map(([name, value]) => ({ name, value })) }),
    },
    cancel: canceled && last?.canceled !== true,
    ...(isDue && times !== undefined ? { complete: times } : {}),
    sent: { canceled, completed },
  }
}

function given<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: string })
}

/** Nothing is known but the id. */
function isStub(data: JsonObject): boolean {
  return Object.keys(data).length <= 1
}
