import type { Job } from '../../src/plugin.ts'
import type { Schemas } from './api.ts'
import type { Definitions } from './definitions.ts'
import { type EventPlan, toEvent } from './events.ts'
import { scopeOf } from './mapped.ts'
import type { HubSpotOptions } from './options.ts'
import { type Result, sendInParts } from './parts.ts'
import { type Ref, readRef } from './ref.ts'
import { refusal, type Session } from './session.ts'

/** HubSpot names no most inputs of this request. */
const MAX_EVENTS = 50
const WHAT = 'marketing events'

/** What a written event leaves behind. */
export type EventRef = NonNullable<Ref['event']>

/** Marketing events of one destination. Writes go one after the other, so that an older state never overtakes a newer one. */
export interface EventWriter {
  /** Writes the events of event records. Their plans are made by the caller. */
  write(session: Session, plans: ReadonlyMap<Job, EventPlan>): Promise<Map<Job, Result<EventRef>>>
  /** Marks as canceled what its routes match no longer. */
  cancel(session: Session, id: string): Promise<Result<EventRef>>
  /** Makes the events of attendees where HubSpot has none, from what is known of them. `again`: HubSpot has just said it has none. */
  ensure(session: Session, jobs: ReadonlyMap<string, Job>, again?: boolean): Promise<Map<string, Result<true>>>
}

/** @param definitions of the custom properties of marketing events */
export function createEventWriter(
  options: HubSpotOptions,
  definitions: (session: Session) => Promise<Result<Definitions | undefined>>,
): EventWriter {
  const { apiVersion: version, externalAccountId } = options
  /** Events this process knows to exist. */
  const known = new Set<string>()
  let last: Promise<unknown> = Promise.resolve()

  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }

  const upsert = (session: Session, plans: readonly EventPlan[]): Promise<Map<EventPlan, Result<{ id?: string }>>> =>
    sendInParts(plans, MAX_EVENTS, async (part) => {
      const body: Schemas['Events'] = { inputs: part.map(({ input }) => input) }
      const asked = await session.ask(WHAT, (api, hand) =>
        api.POST('/marketing/marketing-events/{version}/events/upsert', {
          params: { path: { version } },
          body,
          ...hand,
        }),
      )
      if (asked.state !== 'answered') return { state: 'failed', outcome: asked.outcome }
      return { state: 'sorted', results: sort(part, asked.body) }
    })

  const act = async (
    session: Session,
    externalEventId: string,
    action: 'cancel' | 'complete',
    body?: EventPlan['complete'],
  ): Promise<Result<{ id?: string }>> => {
    const params = { path: { version, externalEventId }, query: { externalAccountId } }
    const asked = await session.ask(
      WHAT,
      (api, hand) =>
        action === 'cancel'
          ? api.POST('/marketing/marketing-events/{version}/events/{externalEventId}/cancel', { params, ...hand })
          : api.POST('/marketing/marketing-events/{version}/events/{externalEventId}/complete', {
              params,
              body: body as NonNullable<typeof body>,
              ...hand,
            }),
      { mayBeMissing: true },
    )
    if (asked.state !== 'answered') return { state: 'failed', outcome: asked.outcome }
    return { state: 'taken', value: idOf(asked.body) }
  }

  const writeOne = async (session: Session, plan: EventPlan, id: string | undefined): Promise<Result<EventRef>> => {
    const { input, cancel, complete, sent } = plan
    known.add(input.externalEventId)
    if (cancel) {
      const done = await act(session, input.externalEventId, 'cancel')
      if (done.state === 'failed') return done
    }
    if (complete !== undefined) {
      const done = await act(session, input.externalEventId, 'complete', complete)
      if (done.state === 'failed') return done
    }
    return { state: 'taken', value: { id, ...sent } }
  }

  const exists = async (session: Session, externalEventId: string): Promise<Result<boolean>> => {
    const params = { path: { version, externalEventId }, query: { externalAccountId } }
    const asked = await session.ask(
      WHAT,
      (api, hand) => api.GET('/marketing/marketing-events/{version}/events/{externalEventId}', { params, ...hand }),
      { mayBeMissing: true },
    )
    if (asked.state === 'failed') return { state: 'failed', outcome: asked.outcome }
    return { state: 'taken', value: asked.state === 'answered' }
  }

  return {
    write: (session, plans) =>
      inTurn(async () => {
        const results = new Map<Job, Result<EventRef>>()
        const written = await upsert(session, [...plans.values()])
        for (const [job, plan] of plans) {
          const result = written.get(plan) as Result<{ id?: string }>
          const id = result.state === 'taken' ? (result.value.id ?? readRef(job.ref).event?.id) : undefined
          results.set(job, result.state === 'failed' ? result : await writeOne(session, plan, id))
        }
        return results
      }),

    cancel: (session, id) =>
      inTurn(async () => {
        const done = await act(session, id, 'cancel')
        return done.state === 'failed'
          ? done
          : { state: 'taken', value: { ...done.value, canceled: true, completed: false } }
      }),

    ensure: (session, jobs, again = false) =>
      inTurn(async () => {
        const results = new Map<string, Result<true>>()
        const absent: EventPlan[] = []
        const settings = { events: options.events ?? { complete: false, customProperties: {} }, externalAccountId }
        for (const [id, job] of jobs) {
          // Another send may have made it while this one waited for its turn.
          const isKnown = known.has(id) || readRef(job.refs.event).event !== undefined
          const there = await (isKnown && !again ? { state: 'taken' as const, value: true } : exists(session, id))
          if (there.state === 'failed') results.set(id, there)
          else if (there.value) results.set(id, { state: 'taken', value: true })
          else {
            const found = await definitions(session)
            if (found.state === 'failed') results.set(id, found)
            else absent.push(toEvent(id, scopeOf(job, 'event', id), { ...settings, definitions: found.value }, {}, 0))
          }
        }
        for (const [plan, result] of await upsert(session, absent)) {
          results.set(plan.input.externalEventId, result.state === 'failed' ? result : { state: 'taken', value: true })
        }
        for (const [id, result] of results) if (result.state === 'taken') known.add(id)
        return results
      }),
  }
}

function sort(
  part: readonly EventPlan[],
  body: Schemas['EventsAnswer'] | undefined,
): Map<EventPlan, Result<{ id?: string }>> {
  const { results = [], errors = [] } = body ?? {}
  const sorted = new Map<EventPlan, Result<{ id?: string }>>()
  const [only] = part.length === 1 ? part : []
  const [problem] = errors
  if (only !== undefined && problem !== undefined) return sorted.set(only, refusal(problem, WHAT))
  const ids = new Map(results.map((event) => [event.externalEventId, idOf(event)]))
  // Which one an error is about it does not say: then each is sent by itself.
  if (errors.length > 0 || results.length < part.length) return sorted
  for (const plan of part) {
    const found = ids.get(plan.input.externalEventId) ?? (only === undefined ? {} : idOf(results[0]))
    sorted.set(plan, { state: 'taken', value: found })
  }
  return sorted
}

function idOf(event: Schemas['Event'] | undefined): { id?: string } {
  const id = event?.objectId ?? event?.id
  return id === undefined ? {} : { id }
}
