import type { JsonObject } from '../core/types.ts'

/**
 * One small record of every type Bevy is known to send, and one of a type it is not, after the field names of its help
 * pages. All people are invented; each of their data stands in `PERSONAL`, so that a log can be searched for it.
 */
export const SAMPLE_RECORDS: readonly { readonly type: string; readonly data: JsonObject }[] = [
  {
    type: 'event',
    data: {
      id: 9001,
      title: 'Spring Meetup',
      status: 'Published',
      url: 'https://community.example.com/events/details/spring-meetup/',
      start_date: '2026-03-20T18:00:00-07:00',
      end_date: '2026-03-20T21:00:00-07:00',
      created_ts: '2026-02-01T10:00:00.000001-08:00',
      updated_ts: '2026-02-10T10:00:00.500000-08:00',
      event_type_id: 4,
      picture: {},
      key_persons: [],
      allows_cohosting: false,
      published_by_full_name: 'Zinnia Quillfeather',
      chapter: { id: 77, title: 'Central', timezone: 'America/Los_Angeles', city: 'Portland', country: 'US' },
    },
  },
  {
    type: 'attendee',
    data: {
      id: 5001,
      attendee_code: 'SGA16005001',
      user_id: 101,
      event_id: 9001,
      event_chapter_id: 77,
      created_date: '2026-03-02T09:14:05Z',
      checkin_date: null,
      deleted_date: null,
      status: 'registered',
      first_name: 'Peregrina',
      last_name: 'Oxblood',
      email: 'peregrina.oxblood@example.com',
      ticket_title: 'General Admission',
      surveys: {
        pre_order: {
          created_date: '2026-03-02T09:14:05Z',
          fields: [{ label: 'T-shirt size', value: 'Quetzal-sized' }],
        },
      },
    },
  },
  {
    type: 'chapter',
    data: {
      id: 77,
      title: 'Central',
      city: 'Portland',
      state: 'OR',
      country: 'US',
      timezone: 'America/Los_Angeles',
      description: '<p>Hi</p>',
      logo: {},
      chapter_team: [
        {
          id: 9,
          title: 'Lead',
          user: { id: 100, first_name: 'Zinnia', last_name: 'Quillfeather', email: 'zinnia.quillfeather@example.com' },
        },
      ],
    },
  },
  {
    type: 'chaptermember',
    data: { id: 301, user_id: 101, chapter_id: 77, created_date: '2026-03-01T12:00:00Z', departure_date: null },
  },
  {
    type: 'user',
    data: {
      id: 101,
      first_name: 'Peregrina',
      last_name: 'Oxblood',
      email: 'peregrina.oxblood@example.com',
      joined_date: '2025-11-03T08:00:00Z',
      deleted_date: null,
      utm_source: 'newsletter',
    },
  },
  { type: 'survey_response_v2', data: { id: 1, anything: true } },
]

/** What the samples tell of people: none of it may ever be logged. */
export const PERSONAL: readonly string[] = [
  'Zinnia',
  'Quillfeather',
  'zinnia.quillfeather@example.com',
  'Peregrina',
  'Oxblood',
  'peregrina.oxblood@example.com',
  'Quetzal-sized',
]
