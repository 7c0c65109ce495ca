import { z } from '../../src/plugin.ts'
import { builtIn, canceledAnnouncement } from './built-in.ts'
import { builtInDigest, compileDigest, type DigestSource } from './digest.ts'
import { KIND_NAMES, KINDS, NEEDS_UPDATE, QUIET, type Kind } from './kinds.ts'
import { compileMessage, type MessageSource, type Written } from './message.ts'
import type { Problem } from './structure.ts'

/** What is posted; what is switched off is not there. */
export interface Messages {
  readonly of: Readonly<Partial<Record<Kind, MessageSource>>>
  /** Takes the place of an announcement whose event was canceled. */
  readonly canceledAnnouncement: MessageSource
  /** Absent: every record has a message of its own, also in a batch. */
  readonly digest?: DigestSource
}

type Given = Written | boolean | undefined

const FORMS = [
  { type: 'boolean', description: 'The built-in message, or none.' },
  { type: 'string', description: 'A Liquid template.' },
  {
    type: 'object',
    properties: {
      text: { type: 'string', description: 'What stands in notifications: a Liquid template.' },
      blocks: { type: 'array', description: 'Block Kit; texts in it are Liquid templates.' },
    },
    required: ['blocks'],
    additionalProperties: false,
  },
]

/** One message. Compiled here, so that every problem is told with its place. */
const message = z
  .unknown()
  .meta({ anyOf: FORMS })
  .transform((given, context): Given => {
    const wrong = (text: string, path: readonly (string | number)[] = []): void =>
      void context.issues.push({ code: 'custom', message: text, input: given, path: [...path] })
    if (given === undefined || typeof given === 'boolean') return given
    if (!isWritten(given)) {
      wrong('must be a template, { text, blocks }, true for the built-in message or false for none')
      return z.NEVER
    }
    const problems: Problem[] = []
    compileMessage(given, problems)
    for (const { path, message: text } of problems) wrong(text, path)
    if (typeof given !== 'string') checkBlocks(given.blocks, wrong)
    return given
  })

function isWritten(given: unknown): given is Written {
  if (typeof given === 'string') return true
  if (typeof given !== 'object' || given === null || !('blocks' in given) || !Array.isArray(given.blocks)) return false
  const text = 'text' in given ? given.text : undefined
  return (
    (text === undefined || typeof text === 'string') && Object.keys(given).every((key) => /^(?:text|blocks)$/.test(key))
  )
}

function checkBlocks(
  blocks: readonly unknown[],
  wrong: (text: string, path: readonly (string | number)[]) => void,
): void {
  if (blocks.length === 0 || blocks.length > 50) wrong('must be 1 to 50 blocks', ['blocks'])
  for (const [index, block] of blocks.entries()) {
    const type = typeof block === 'object' && block !== null && 'type' in block ? block.type : undefined
    if (typeof type !== 'string') wrong('is no block: it needs a type such as section', ['blocks', index])
  }
}

const shape = Object.fromEntries(
  KIND_NAMES.map((kind) => [kind, message.optional().describe(KINDS[kind])]),
) as Readonly<Record<Kind, z.ZodOptional<typeof message>>>

const digestHelp =
  'One message for the records of a batch: of a schedule (all of a channel), or of a burst (people of one thread). ' +
  '`record` has `count`, `names`, and `groups` of `{ kind, count, names, title, url }`. `false`: a message for each record.'

/** The schema of `messages`; gives what makes them for one way or the other. */
export const messages = z
  .strictObject({ ...shape, digest: message.optional().describe(digestHelp) })
  .transform((given) => (way: 'webhook' | 'token'): Messages => {
    const chosen = (name: Kind): MessageSource | undefined => {
      const own = given[name]
      if (own === undefined)
        return QUIET.has(name) || (way === 'webhook' && NEEDS_UPDATE.has(name)) ? undefined : builtIn(name)
      if (typeof own === 'boolean') return own ? builtIn(name) : undefined
      return compileMessage(own, [])
    }
    // What is changed in place looks like what was announced, unless somebody wants it otherwise.
    const changed =
      way === 'token' && (given['event.changed'] ?? true) === true ? chosen('event.published') : chosen('event.changed')
    const of = Object.fromEntries(
      KIND_NAMES.flatMap((kind) => {
        const source = kind === 'event.changed' ? changed : chosen(kind)
        return source === undefined ? [] : [[kind, source]]
      }),
    ) as Messages['of']
    const own = of['event.canceled']
    const digest = given.digest ?? true
    return {
      of,
      canceledAnnouncement: own === undefined || own.isBuiltIn ? canceledAnnouncement() : own,
      ...(digest === false ? {} : { digest: digest === true ? builtInDigest : compileDigest(digest) }),
    }
  })
