/** Dead letters of all destinations: found, shown, redriven, discarded. */

import type {
  BridgeActions,
  CareQueries,
  DeadChoice,
  DeadDetail,
  DeadDone,
  DeadLetter,
} from '../core/dispatch/actions.ts'
import { BridgeError } from '../core/errors.ts'
import { maskEmails } from '../core/mask-emails.ts'
import type { JsonObject } from '../core/types.ts'
import { openLetters } from './at-rest.ts'
import type { Dead } from './documents.ts'
import type { Letters } from './letters.ts'
import { readRegistry } from './names.ts'
import { findState, type Rooms } from './operations.ts'

/** What can be done with dead letters, and asked of them. */
export type DeadOperations = Pick<BridgeActions, 'redrive' | 'discardDead'> &
  Pick<CareQueries, 'deadLetters' | 'deadLetter'>

/** Shows what is sent for a dead letter. */
export type ShowDead = (destination: string, dead: Dead) => Promise<Pick<DeadDetail, 'preview' | 'problem'>>

interface Found {
  readonly name: string
  readonly id: string
  readonly dead: Dead
}

const LIST = 100
/** Letters read at once. */
const PAGE = 200

/** Makes them. */
export function createDeadOperations(rooms: Rooms, show: ShowDead): DeadOperations {
  const lettersOf = async (name: string, slot: string): Promise<Letters> =>
    rooms.running(name)?.letters ?? openLetters(rooms, name, slot)

  const names = async (only: string | undefined): Promise<[string, string][]> => {
    if (only !== undefined) return [[only, (await findState(rooms, only)).slot]]
    return [...(await readRegistry(rooms.store))].map(([name, { slot }]) => [name, slot])
  }

  async function* find(name: string, letters: Letters, reason: string | undefined): AsyncGenerator<Found> {
    const wanted = reason?.toLowerCase()
    const ids = letters.ids()
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = ids.slice(at, at + PAGE)
      const read = await Promise.all(page.map((id) => letters.read(id)))
      for (const [index, dead] of read.entries()) {
        if (dead === undefined) continue
        if (wanted !== undefined && !`${dead.cause} ${dead.reason}`.toLowerCase().includes(wanted)) continue
        yield { name, id: page[index] as string, dead }
      }
    }
  }

  /** Does something to the letters that were chosen; on disk when it resolves. */
  const each = async (
    choice: DeadChoice,
    mayDo: (name: string) => string | undefined,
    act: (letters: Letters, id: string, dead: Dead | undefined) => Promise<boolean>,
    note: (name: string, count: number) => string | undefined,
  ): Promise<DeadDone> => {
    const { name: only, id } = 'id' in choice ? splitId(choice.id) : { name: choice.destination, id: undefined }
    const reason = 'id' in choice ? undefined : choice.reason
    const destinations: Record<string, number> = {}
    const notes: string[] = []
    for (const [name, slot] of await names(only)) {
      const work = async (): Promise<number> => {
        const letters = await lettersOf(name, slot)
        let count = 0
        if (id !== undefined) count += (await act(letters, id, undefined)) ? 1 : 0
        else {
          const chosen: Found[] = []
          for await (const found of find(name, letters, reason))
            chosen.push({ ...found, dead: { ...found.dead, data: null } })
          for (const found of chosen) count += (await act(letters, found.id, found.dead)) ? 1 : 0
        }
        await letters.flushed()
        return count
      }
      const refusal = mayDo(name)
      if (refusal !== undefined) {
        if (only !== undefined) throw new BridgeError('config', 'ERR_NO_DESTINATION', refusal)
        notes.push(refusal)
        continue
      }
      // Of one that does not run nobody else may have the books open meanwhile.
      const count = rooms.running(name) === undefined ? await rooms.alone(name, work) : await work()
      if (count === 0) continue
      destinations[name] = count
      const said = note(name, count)
      if (said !== undefined) notes.push(said)
    }
    return { done: Object.values(destinations).reduce((sum, count) => sum + count, 0), destinations, notes }
  }

  return {
    async deadLetters({ destination, reason, discarded, limit = LIST }) {
      const all: DeadLetter[] = []
      let total = 0
      const gone: { id: string; key: string; at: number; why: string }[] = []
      for (const [name, slot] of await names(destination)) {
        const letters = await lettersOf(name, slot)
        if (discarded === true) {
          for (const { id, key, at, why } of await letters.discarded()) gone.push({ id: `${name}:${id}`, key, at, why })
          continue
        }
        for await (const found of find(name, letters, reason)) {
          total += 1
          all.push(toLetter(found))
          // The newest are shown; more are not kept.
          if (all.length > 2 * limit) all.sort((a, b) => b.at - a.at).splice(limit)
        }
      }
      if (discarded === true) {
        return { letters: [], total: gone.length, discarded: gone.sort((a, b) => b.at - a.at).slice(0, limit) }
      }
      return { letters: all.sort((a, b) => b.at - a.at).slice(0, limit), total }
    },
    async deadLetter({ id: given, data }) {
      const { name, id } = splitId(given)
      const { slot } = await findState(rooms, name)
      const dead = await (await lettersOf(name, slot)).read(id)
      if (dead === undefined) return undefined
      const { routes, since, redriven, needs, history = [] } = dead
      const shown = {
        ...toLetter({ name, id, dead }),
        routes,
        since,
        redriven,
        replay: dead.replay !== undefined,
        needs,
        history: history.map(({ at, reason }) => ({ at, reason: maskEmails(reason) })),
      }
      if (data !== true) return shown
      const copy = dead.data === null ? {} : { data: dead.data as JsonObject }
      return { ...shown, ...copy, ...(await show(name, dead)) }
    },
    redrive: (choice) =>
      each(
        choice,
        (name) =>
          rooms.settings().destinations.some((one) => one.name === name)
            ? undefined
            : `${name} is not in the config: its dead letters stay as they are`,
        (letters, id) => letters.redrive(id),
        (name, count) => redriveNote(name, count, rooms),
      ),
    discardDead: ({ why, ...choice }) =>
      each(
        choice,
        () => undefined,
        async (letters, id, known) => {
          const dead = known ?? (await letters.read(id))
          const done = await letters.discard(id, why)
          if (done) rooms.log.warn('dead letter discarded', { id, key: dead?.key, why })
          return done
        },
        () => undefined,
      ),
  }
}

function redriveNote(name: string, count: number, { settings, running, live }: Rooms): string {
  const mode = settings().destinations.find((one) => one.name === name)?.mode
  const what =
    mode === 'latest'
      ? 'the newest state of each record is sent, or the letter is closed when that was delivered already'
      : 'each is sent late, marked as redriven, outside the order of its record'
  const when = !live
    ? ', with the next start'
    : running(name)?.status().state === 'paused'
      ? `, when the pause ends (bevy-bridge resume ${name})`
      : ''
  return `${name}: ${count} ${count === 1 ? 'goes' : 'go'} again: ${what}${when}`
}

function toLetter({ name, id, dead }: Found): DeadLetter {
  const { key, position, at, cause, reason, attempts } = dead
  return { id: `${name}:${id}`, destination: name, key, position, at, cause, reason: maskEmails(reason), attempts }
}

function splitId(given: string): { name: string; id: string } {
  const at = given.indexOf(':')
  if (at > 0) return { name: given.slice(0, at), id: given.slice(at + 1) }
  throw new BridgeError(
    'config',
    'ERR_DEAD_ID',
    `"${given}" is not the id of a dead letter: those are DESTINATION:ID, as \`dead list\` shows them`,
  )
}
