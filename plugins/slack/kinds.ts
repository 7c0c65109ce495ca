/** Every kind of message this plugin posts about one record, with what it is for. */
export const KINDS = {
  'event.published': 'A public event is seen for the first time: its announcement.',
  'event.changed':
    'Something else of an announced event changed. With a token the announcement is updated in place, by `event.published` unless ' +
    'this is given; a webhook cannot update, so there it is off unless given.',
  'event.moved':
    'Date, time or place of an announced event changed. With a token the announcement is updated in place and this replies in its thread.',
  'event.canceled':
    'An announced event was canceled. With a token the announcement is updated in place and this replies in its thread.',
  'event.withdrawn':
    'An announced event went back to draft, was hidden, or matches no route any more. With a token it takes the place of the ' +
    'announcement; a webhook cannot replace, so there it is off unless given.',
  'attendee.registered': 'Somebody registered.',
  'attendee.checked_in': 'Somebody was checked in. Off unless given: at an event they come by the hundred.',
  'attendee.canceled': 'Somebody canceled a registration.',
  'chaptermember.joined': 'Somebody joined a chapter.',
  'chaptermember.left': 'Somebody left a chapter. Off unless given.',
  'chapter.updated': 'A chapter was made or changed. Off unless given.',
  'user.updated': 'A Bevy account was made or changed. Off unless given.',
  other: 'A record of a type Bevy does not document. Off unless given.',
} as const

/** One of them. */
export type Kind = keyof typeof KINDS

/** All of them, in the order they are listed. */
export const KIND_NAMES = Object.keys(KINDS) as Kind[]

/** Off with either way, unless given in `messages`. */
export const QUIET: ReadonlySet<Kind> = new Set<Kind>([
  'attendee.checked_in',
  'chaptermember.left',
  'chapter.updated',
  'user.updated',
  'other',
])

/** Off with a webhook, unless given: it cannot change what it posted. */
export const NEEDS_UPDATE: ReadonlySet<Kind> = new Set<Kind>(['event.changed', 'event.withdrawn'])
