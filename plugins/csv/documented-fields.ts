/**
 * The fields Bevy documents for each type, in the order they are exported when no columns are named.
 *
 * Sources: Bevy's help pages "Webhook payloads" and "When are webhook payloads sent", and, where those are silent
 * (chaptermember, user), the names its REST API and its HubSpot integration use. Whatever else a record has goes to `_extra`.
 */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  attendee: [
    'id',
    'attendee_code',
    'user_id',
    'event_id',
    'event_chapter_id',
    'created_date',
    'checkin_date',
    'deleted_date',
    'status',
    'first_name',
    'last_name',
    'email',
    'ticket_title',
    'ticket_audience_type_enum_value',
    'surveys',
  ],
  event: [
    'id',
    'title',
    'status',
    'url',
    'description_short',
    'start_date',
    'end_date',
    'created_ts',
    'updated_ts',
    'event_type_id',
    'event_type_title',
    'picture',
    'venue_name',
    'venue_address',
    'venue_city',
    'venue_zip_code',
    'get_event_address',
    'key_persons',
    'allows_cohosting',
    'published_by_full_name',
    'chapter',
  ],
  chapter: [
    'id',
    'title',
    'description',
    'chapter_location',
    'city',
    'state',
    'country',
    'country_name',
    'timezone',
    'url',
    'relative_url',
    'hide_country_info',
    'logo',
    'chapter_team',
  ],
  chaptermember: ['id', 'created_date', 'departure_date', 'user_id', 'chapter_id', 'user', 'chapter'],
  user: [
    'id',
    'first_name',
    'last_name',
    'email',
    'joined_date',
    'deleted_date',
    'utm_campaign',
    'utm_content',
    'utm_medium',
    'utm_source',
    'utm_term',
  ],
}

/** Types with documented fields. */
export const DOCUMENTED_TYPES: readonly string[] = Object.keys(FIELDS)

/** Documented fields of a type, in order; undefined for a type Bevy's pages do not describe. */
export function documentedFields(type: string): readonly string[] | undefined {
  return Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined
}
