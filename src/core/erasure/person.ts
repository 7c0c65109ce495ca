/** Who is to be forgotten, and which states of records are theirs. Pure. */

import { isObject } from '../records/bodies.ts'
import { referenceOf } from '../records/joins.ts'
import { emailsOf, normalEmail } from '../records/records.ts'
import type { Json, JsonObject } from '../types.ts'

/** What a person is asked for by. */
export interface Wanted {
  /** Ids of Bevy accounts. */
  readonly users: readonly string[]
  /** E-mail addresses. */
  readonly emails: readonly string[]
  /** Keys of records of a person without an account. */
  readonly keys?: readonly string[] | undefined
  /** States in which Bevy itself has put `deleted+…` for the address stay: they tell destinations of the deletion. */
  readonly sparesDeleted?: boolean | undefined
}

/** A person as known so far, and what is learned of them while looking. */
export interface Person {
  readonly wanted: Wanted
  readonly users: Set<string>
  /** As compared: trimmed, lower case. */
  readonly emails: Set<string>
  /** Keys of the records that are theirs in some state. */
  readonly keys: Set<string>
  /** Whole names, as compared. */
  readonly names: Set<string>
  /** Keys of records of other accounts that carry one of the addresses. */
  readonly shared: Set<string>
}

/** A person as plain data. */
export interface PersonFacts {
  readonly users: string[]
  readonly emails: string[]
  readonly keys: string[]
  readonly names: string[]
}

/** Begins with what was asked for, and with what an earlier search has found. */
export function createPerson(wanted: Wanted, known?: PersonFacts): Person {
  return {
    wanted,
    users: new Set([...wanted.users, ...(known?.users ?? [])]),
    emails: new Set([...wanted.emails.map(normalEmail), ...(known?.emails ?? [])]),
    keys: new Set([...(wanted.keys ?? []), ...(known?.keys ?? [])]),
    names: new Set(known?.names),
    shared: new Set(),
  }
}

/** The same as plain data. */
export function factsOf({ users, emails, keys, names }: Person): PersonFacts {
  return { users: [...users], emails: [...emails], keys: [...keys], names: [...names] }
}

/** How much is known; more after a look means that what was looked at before must be looked at again. */
export function sizeOf({ users, emails, keys, names }: Person): number {
  return users.size + emails.size + keys.size + names.size
}

const DELETED = /^deleted\+[^@\s]*@bevylabs\.com$/i

/**
 * True for what Bevy puts in place of the address of a person it has deleted: an order to forget the person, never an address.
 * https://help.bevy.com/hc/en-us/articles/4403906553623
 */
export function isDeletedAddress(email: string): boolean {
  return DELETED.test(email.trim())
}

/** True for a record Bevy has made anonymous. */
export function isAnonymous(data: JsonObject): boolean {
  return emailsOf(data).some(isDeletedAddress)
}

/** Records of these types are nobody's own; they may mention people. */
const NOBODYS = new Set(['event', 'chapter'])

/** The id of the account a record belongs to. */
export function userIdOf(type: string, data: JsonObject): string | undefined {
  if (NOBODYS.has(type)) return undefined
  const id = type === 'user' ? data['id'] : referenceOf(data, 'user')
  return typeof id === 'number' || typeof id === 'string' ? toId(id) : undefined
}

const toId = (id: string | number): string | undefined => {
  const text = String(id).trim()
  return text === '' ? undefined : text
}

/**
 * True when this state of a record is the person's. A registration may be handed on to somebody else: what has another account, or
 * another address and another name, is not.
 */
export function isTheirs(person: Person, type: string, key: string | undefined, data: JsonObject): boolean {
  if (NOBODYS.has(type)) return false
  const { wanted, users, emails, keys } = person
  if (isSpared(person, data)) return false
  const user = userIdOf(type, data)
  if (user !== undefined && users.has(user)) return true
  const own = emailsOf(data).filter((email) => !isDeletedAddress(email))
  const known = own.filter((email) => emails.has(email))
  if (known.length > 0) {
    if (user === undefined) return true
    const asked = wanted.emails.map(normalEmail)
    return known.some((email) => asked.includes(email))
  }
  if (key === undefined || !keys.has(key) || user !== undefined) return false
  return own.length === 0 || namesOf(data).some((name) => person.names.has(name))
}

/** Takes over what a state that is theirs tells. */
export function learn(person: Person, type: string, key: string | undefined, data: JsonObject): void {
  const user = userIdOf(type, data)
  if (user !== undefined) person.users.add(user)
  if (key !== undefined) person.keys.add(key)
  for (const email of emailsOf(data)) if (!isDeletedAddress(email)) person.emails.add(email)
  for (const name of namesOf(data)) person.names.add(name)
}

/** True for a record of another account that carries the person's address: it is that account's, and stays as it is. */
export function isShared(person: Person, type: string | undefined, data: Json): boolean {
  if (type === undefined || NOBODYS.has(type) || !isObject(data)) return false
  return userIdOf(type, data) !== undefined && emailsOf(data).some((email) => person.emails.has(email))
}

/** True for a state that Bevy has made anonymous and that stays as it is. */
export function isSpared({ wanted }: Person, data: Json): boolean {
  return wanted.sparesDeleted === true && isObject(data) && isAnonymous(data)
}

/** Whole names in a record, as compared. */
export function namesOf(data: JsonObject): readonly string[] {
  const user = data['user']
  return [data, ...(isObject(user) ? [user] : [])].flatMap((one) => {
    const both = [one['first_name'], one['last_name']].filter((part) => typeof part === 'string').join(' ')
    // One word alone is a name of many, and of towns.
    return [both, one['full_name'], one['name']].map(normalName).filter((name) => name.includes(' '))
  })
}

/** A name as it is compared: lower case, single spaces. */
export function normalName(name: Json | undefined): string {
  return typeof name === 'string' ? name.trim().replace(/\s+/g, ' ').toLowerCase() : ''
}

/** What is left of a record: `{ id, erased: true }`. Such a record makes no head and no job. */
export function isErased(data: Json | undefined): boolean {
  if (!isObject(data) || data['erased'] !== true) return false
  return Object.keys(data).every((field) => field === 'id' || field === 'erased')
}
