import { createHash } from 'node:crypto'
import type { Job, Json, JsonObject } from '../../src/plugin.ts'

/** Records that are about a person. */
export const isAboutPerson = ({ type }: Job): boolean =>
  type === 'attendee' || type === 'user' || type === 'chaptermember'

/** What the record says of its person: itself, or for a membership the account, as a head or carried inside. */
export function personOf(job: Job): JsonObject | undefined {
  if (job.type !== 'chaptermember') return isAboutPerson(job) ? job.data : undefined
  const carried = job.data.user
  return job.user?.email === undefined && isObject(carried) ? carried : job.user
}

/** Trimmed, in small letters, as HubSpot keeps it; undefined where there is none. */
export function emailOf(job: Job): string | undefined {
  const email = personOf(job)?.email
  return typeof email === 'string' && email.trim() !== '' ? email.trim().toLowerCase() : undefined
}

/** What Bevy puts in place of the address of a person it has deleted: an order to forget the person, never an address. */
export function isDeletedAddress(email: string | undefined): boolean {
  return email !== undefined && /^deleted\+[^@\s]*@bevylabs\.com$/i.test(email)
}

/** The id of the person's Bevy account. */
export function accountIdOf(job: Job): string | undefined {
  if (job.type === 'user') return job.recordId
  const { user_id: flat, user } = job.data
  return toId(flat) ?? (isObject(user) ? toId(user.id) : undefined)
}

/** An id as Bevy writes it: a number or text. */
export function toId(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

/** Tells whether two states have the same address, without keeping it. */
export function addressMark(storeId: string, email: string): string {
  return createHash('sha256').update(`${storeId} ${email}`).digest('base64url').slice(0, 16)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
