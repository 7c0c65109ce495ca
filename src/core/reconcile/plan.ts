/**
 * The way of a run through Bevy's lists, one request at a time, as data that can be kept on disk: event page by event page, the
 * attendees of its events, and the chapters it names with their members. There is no list of chapters to be had: they are found through events.
 */

import { isObject } from '../records/bodies.ts'
import type { Json, JsonObject } from '../types.ts'
import type { PageQuery, RestPage } from './rest.ts'
import { mayHaveNews, type Span } from './span.ts'

/** Types a run can fetch. */
export const RUN_TYPES = ['event', 'attendee', 'chapter', 'chaptermember'] as const
export type RunType = (typeof RUN_TYPES)[number]

/** The next request. */
export type Step =
  | { readonly state: 'events'; readonly query: PageQuery }
  | { readonly state: 'attendees'; readonly event: string; readonly query: PageQuery }
  | { readonly state: 'chapter'; readonly chapter: string }
  | { readonly state: 'members'; readonly chapter: string; readonly query: PageQuery }

/** What is left to do; JSON. */
export interface Todo {
  /** Of what has been found so far; the first is next. */
  readonly steps: readonly Step[]
  /** The next page of events; null when all are listed. */
  readonly events: PageQuery | null
  /** Chapters that have been found, so that each is asked for once. */
  readonly chapters: readonly string[]
}

/** The way from the start. */
export const START: Todo = { steps: [], events: {}, chapters: [] }

/** The next request; undefined: all is done. */
export function nextStep({ steps, events }: Todo): Step | undefined {
  return steps[0] ?? (events === null ? undefined : { state: 'events', query: events })
}

interface Limits {
  readonly types: readonly RunType[]
  readonly span: Span
}

/** What is left after a step; `page` absent: it gave nothing and is passed over. */
export function afterStep(todo: Todo, step: Step, page: RestPage | undefined, limits: Limits): Todo {
  if (step.state === 'events') return afterEvents(todo, page, limits)
  const steps = todo.steps.slice(1)
  if (step.state === 'chapter' || page?.next === undefined) return { ...todo, steps }
  return { ...todo, steps: [{ ...step, query: page.next }, ...steps] }
}

function afterEvents(todo: Todo, page: RestPage | undefined, { types, span }: Limits): Todo {
  const steps: Step[] = []
  const known = new Set(todo.chapters)
  for (const event of page?.records ?? []) {
    const id = idOf(event['id'])
    if (types.includes('attendee') && id !== undefined && mayHaveNews(event, span)) {
      steps.push({ state: 'attendees', event: id, query: {} })
    }
    const chapter = chapterOf(event)
    if (chapter === undefined || known.has(chapter)) continue
    known.add(chapter)
    if (types.includes('chapter')) steps.push({ state: 'chapter', chapter })
    if (types.includes('chaptermember')) steps.push({ state: 'members', chapter, query: {} })
  }
  return { steps, events: page?.next ?? null, chapters: needsChapters(types) ? [...known] : [] }
}

function needsChapters(types: readonly RunType[]): boolean {
  return types.includes('chapter') || types.includes('chaptermember')
}

function chapterOf(event: JsonObject): string | undefined {
  const { chapter } = event
  return idOf(isObject(chapter) ? chapter['id'] : (chapter ?? event['chapter_id']))
}

function idOf(value: Json | undefined): string | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : ''
  return /^[\w.-]{1,100}$/.test(text) ? text : undefined
}
