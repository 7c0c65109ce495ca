import { delivered, DestinationError, type ErasedPerson, type Job, type Outcome, skip } from '../../src/plugin.ts'
import type { Schemas } from './api.ts'
import { keyOf } from './contacts.ts'
import type { HubSpotOptions } from './options.ts'
import { describeProblem } from './problems.ts'
import { readRef, toJson } from './ref.ts'
import { refusal, type Session } from './session.ts'
import { readIds } from './write-objects.ts'

/** Properties that are emptied, beside the address: those we have written. The key stays, so that the contact is found again. */
export function blankedProperties({ contacts }: HubSpotOptions): Record<string, string> {
  const names = Object.keys(contacts?.properties ?? { firstname: '', lastname: '' })
  const blanked = ['email', ...names].filter((name) => name !== contacts?.key?.property).map((name) => [name, ''])
  return Object.fromEntries(blanked) as Record<string, string>
}

/** Carries out the order to forget a person. The contact is known by the ref of an earlier state, or by the key. */
export async function erase(session: Session, options: HubSpotOptions, job: Job): Promise<Outcome> {
  if (options.erasure === 'ignore') return skip('a person deleted in Bevy; erasure is ignore')
  const ref = readRef(job.ref)
  if (ref.erased === true) return skip('this person has been erased already')
  const found = ref.contact === undefined ? await findByKey(session, options, job) : ref.contact
  if (typeof found === 'object') return found
  if (found === undefined) return skip('a person deleted in Bevy whose contact is not known here')
  return (await forget(session, options, found, job.id)) ?? delivered({ ref: toJson({ erased: true }) })
}

/** Forgets a person the bridge was told to erase: every contact known by a ref, by an address, or by the key. May be repeated. */
export async function erasePerson(session: Session, options: HubSpotOptions, person: ErasedPerson): Promise<Outcome> {
  const { erasure, apiVersion: version, contacts } = options
  if (erasure === 'ignore') return skip('contacts stay: erasure is ignore')
  const ids = new Set(person.records.flatMap(({ ref }) => readRef(ref).contact ?? []))
  const values: [property: string, values: readonly string[]][] = [['email', person.emails]]
  // A key with a mapping of its own is made from a record, and the records are gone.
  if (contacts?.key !== undefined && contacts.key.value === undefined)
    values.push([contacts.key.property, person.users])
  for (const [property, some] of values) {
    for (const found of (await readIds(session, version, 'contacts', property, some)).values()) {
      if (found.state === 'failed') return found.outcome
      if (found.value.id !== undefined) ids.add(found.value.id)
    }
  }
  for (const id of ids) {
    const failed = await forget(session, options, id, person.id)
    if (failed !== undefined) return failed
  }
  return delivered()
}

/** Undefined when the contact is forgotten or gone. */
async function forget(
  session: Session,
  options: HubSpotOptions,
  found: string,
  traceId: string,
): Promise<Outcome | undefined> {
  const { erasure, apiVersion: version } = options
  const asked =
    erasure === 'gdpr-delete'
      ? await session.ask(
          'GDPR deletion of contacts',
          (api, hand) =>
            api.POST('/crm/objects/{version}/contacts/gdpr-delete', {
              params: { path: { version } },
              body: { objectId: found },
              ...hand,
            }),
          { mayBeMissing: true },
        )
      : await session.ask(
          'contacts',
          (api, hand) =>
            api.POST('/crm/objects/{version}/{objectType}/batch/update', {
              params: { path: { version, objectType: 'contacts' } },
              body: { inputs: [{ id: found, properties: blankedProperties(options), objectWriteTraceId: traceId }] },
              ...hand,
            }),
          { mayBeMissing: true },
        )
  if (asked.state === 'failed') return asked.outcome
  if (asked.state === 'missing') {
    // No such contact, or no such call in this version? An order to forget is believed done only when the contact is gone.
    const there = (await readIds(session, version, 'contacts', 'hs_object_id', [found])).get(found)
    if (there?.state === 'failed') return there.outcome
    if (there?.value.id !== undefined) {
      const message = `HubSpot has the contact but knows no ${erasure} of it in version ${version}: is apiVersion right?`
      throw new DestinationError(message, { code: 'ERR_HUBSPOT_NOT_FOUND' })
    }
  }
  if (asked.state === 'answered') {
    const [problem] = (asked.body as Schemas['ObjectsAnswer'] | undefined)?.errors ?? []
    // A contact that is gone needs no forgetting.
    const refused =
      problem === undefined || /NOT_FOUND/.test(describeProblem(problem)) ? undefined : refusal(problem, 'contacts')
    if (refused?.state === 'failed') return refused.outcome
  }
  return undefined
}

async function findByKey(
  session: Session,
  { contacts, apiVersion }: HubSpotOptions,
  job: Job,
): Promise<string | undefined | Outcome> {
  const key = contacts === undefined ? undefined : keyOf(contacts, job)
  if (contacts?.key === undefined || key === undefined) return undefined
  const found = (await readIds(session, apiVersion, 'contacts', contacts.key.property, [key])).get(key)
  return found?.state === 'failed' ? found.outcome : found?.value.id
}
