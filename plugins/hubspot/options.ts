import { duration, isTimeZone, mapping, secret, z } from '../../src/plugin.ts'

/** A name inside HubSpot: a property or an object type, such as `firstname`, `companies`, `2-1234567`. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be an internal name of small letters, digits, _ and -')

const properties = z.record(name, mapping())
const clear = z
  .union([z.boolean(), z.array(name)])
  .default(false)
  .describe(
    'What Bevy has no value for is left as it is in HubSpot. `true` empties it there, a list does so for these properties.',
  )

const contacts = z.strictObject({
  properties: properties
    .optional()
    .describe(
      'Property → mapping, such as `{ firstname: record.first_name, diet: { answer: Dietary needs } }`. Left out: `firstname` and ' +
        '`lastname`. The e-mail address is always sent.',
    ),
  key: z
    .strictObject({
      property: name.describe('A property of contacts with unique values, such as `bevy_user_id`.'),
      value: mapping().optional().describe('Where its value comes from. Default: the id of the Bevy account.'),
    })
    .optional()
    .describe(
      'Find contacts by a unique property of your own in place of the e-mail address, so that a person who changes the address stays ' +
        'one contact. Records without a value for it (people without a Bevy account) go by e-mail.',
    ),
  clear,
})

const events = z.strictObject({
  name: mapping().optional().describe('Name of the marketing event. Default: the title of the event.'),
  organizer: mapping().optional().describe('Its organizer. Default: the title of the chapter, else `Bevy`.'),
  type: mapping().optional().describe('Its type. Default: the title of the type of the event.'),
  description: mapping().optional().describe('Its description. Default: the short description.'),
  customProperties: properties
    .default({})
    .describe(
      'Custom property of marketing events → mapping. HubSpot drops unknown ones without a word; `check` does not.',
    ),
  complete: z
    .boolean()
    .default(true)
    .describe('Mark the event as completed when Bevy reports it after its end, so that HubSpot counts attendance.'),
})

const object = z.strictObject({
  from: z
    .string()
    .min(1)
    .default('chapter')
    .describe('The type of Bevy records that become such objects. For `chapter`, members are associated with it.'),
  objectType: name.describe('`companies`, or a custom object such as `2-1234567` or `p1234_chapters`.'),
  idProperty: name.describe('A property of it with unique values that holds the id, such as `bevy_chapter_id`.'),
  id: mapping().optional().describe('The id. Default: the id of the record.'),
  properties: properties.default({}).describe('Property → mapping.'),
  clear,
  members: z
    .boolean()
    .default(true)
    .describe('With `from: chapter`: associate the contact of each chapter member with its object.'),
})

/** Options of the hubspot plugin. */
export const options = z
  .strictObject({
    accessToken: secret().describe(
      'A Service Key, or the token of a private or project app. See the README for its scopes.',
    ),
    apiVersion: z
      .string()
      .regex(/^\d{4}-\d{2}$/, 'must be a dated version such as 2026-09')
      .default('2026-09')
      .describe('The version of the API.'),
    contacts: contacts
      .optional()
      .describe('Contacts from attendees, users and chapter members. `{}` for the default properties.'),
    events: events
      .optional()
      .describe('Marketing events from events. `{}` for the default fields; `attendance` brings them along.'),
    attendance: z
      .strictObject({})
      .optional()
      .describe('`{}` records who registered for, attended or canceled an event, with the dates Bevy has.'),
    objects: z
      .array(object)
      .default([])
      .describe('Other objects, such as chapters as companies or custom objects, and their members.'),
    erasure: z
      .enum(['ignore', 'blank', 'gdpr-delete'])
      .default('ignore')
      .describe(
        'What a deletion in Bevy (the address becomes `deleted+…@bevylabs.com`), or `bevy-bridge erase`, does to the contact: nothing, empty its e-mail address and ' +
          'mapped properties, or delete it for good as the GDPR asks (cannot be undone). Never a new contact or another address.',
      ),
    externalAccountId: z
      .string()
      .min(1)
      .default('bevy')
      .describe('What marketing events are filed under, beside the id of the event. Another value makes other events.'),
    timezone: z
      .string()
      .refine(isTimeZone, 'must be the name of a time zone such as Europe/Berlin')
      .optional()
      .describe(
        'Time zone of the HubSpot account: a used up daily limit lasts until its midnight. Left out: tried hourly.',
      ),
    propertiesFor: duration()
      .default(600_000)
      .describe('How long the definitions of properties are remembered before they are read again.'),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .default('https://api.hubapi.com')
      .describe('Where the API is.'),
    allowPrivateNetworks: z
      .boolean()
      .default(false)
      .describe('Let `baseUrl` be a private address, also by plain http: for tests and proxies.'),
  })
  .superRefine(({ baseUrl, allowPrivateNetworks, objects }, context) => {
    if (!baseUrl.startsWith('https:') && !allowPrivateNetworks) {
      context.addIssue({
        code: 'custom',
        path: ['baseUrl'],
        message: 'must be https; allowPrivateNetworks: true allows http',
      })
    }
    for (const [index, { objectType, from }] of objects.entries()) {
      if (['attendee', 'user', 'chaptermember', 'event'].includes(from)) {
        const message = `records of type ${from} become contacts or marketing events; objects are for chapters and other types`
        context.addIssue({ code: 'custom', path: ['objects', index, 'from'], message })
      }
      if (!/^(?:contacts?|0-1|0-54|marketing_events?)$/.test(objectType)) continue
      const message = 'contacts and marketing events have options of their own'
      context.addIssue({ code: 'custom', path: ['objects', index, 'objectType'], message })
    }
  })
  .transform((given) => {
    const named =
      [given.contacts, given.events, given.attendance].some((part) => part !== undefined) || given.objects.length > 0
    return {
      ...given,
      baseUrl: given.baseUrl.replace(/\/+$/, ''),
      contacts: given.contacts ?? (named ? undefined : contacts.parse({})),
      // Attendance needs its event to be there.
      events: given.events ?? (named && given.attendance === undefined ? undefined : events.parse({})),
      attendance: given.attendance ?? (named ? undefined : {}),
    }
  })

/** Validated and compiled. */
export type HubSpotOptions = z.output<typeof options>
/** The part about contacts. */
export type ContactOptions = NonNullable<HubSpotOptions['contacts']>
/** The part about marketing events. */
export type EventOptions = NonNullable<HubSpotOptions['events']>
/** One of the other objects. */
export type ObjectOptions = HubSpotOptions['objects'][number]
