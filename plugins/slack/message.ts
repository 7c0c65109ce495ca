import type { Json, Scope, Template } from '../../src/plugin.ts'
import { finishMessage, type Draft, type Message } from './limits.ts'
import {
  compileStructure,
  compileText,
  renderStructure,
  templatesIn,
  type Problem,
  type Structure,
} from './structure.ts'

/** A message to be made from records. */
export interface MessageSource {
  /** False for one the config gives. */
  readonly isBuiltIn: boolean
  /** Templates that say what the message reads, so that heads it needs are waited for. */
  readonly reads: readonly Template[]
  /** Undefined when nothing is left of it. Throws a BridgeError of kind `record` when a template fails. */
  render(scope: Scope): Message | undefined
}

/** How a message is written: one text, or blocks with the text that stands in notifications. */
export type Written = string | { readonly text?: string; readonly blocks: readonly unknown[] }

/**
 * Compiles a message. `awaits` names the heads a built-in message waits for: what else it reads it shows when it is there. Without
 * it the message waits for all it reads.
 */
export function compileMessage(written: Written, problems: Problem[], awaits?: string): MessageSource {
  const { text, blocks } = typeof written === 'string' ? { text: written, blocks: undefined } : written
  const line = text === undefined ? undefined : compileText(text, typeof written === 'string' ? [] : ['text'], problems)
  const shape = blocks === undefined ? undefined : compileStructure(blocks, ['blocks'], problems)
  const all = [...(line === undefined ? [] : [line]), ...(shape === undefined ? [] : templatesIn(shape))]
  const awaited = awaits === undefined ? all : [compileText(awaits, [], problems)].filter((one) => one !== undefined)
  return {
    isBuiltIn: awaits !== undefined,
    reads: awaited,
    render: (scope) => finishMessage(draftOf(line, shape, scope)),
  }
}

function draftOf(line: Template | undefined, shape: Structure | undefined, scope: Scope): Draft {
  const text = line?.render(scope)
  const blocks: Json | undefined = shape === undefined ? undefined : renderStructure(shape, scope)
  return { ...(text === undefined ? {} : { text }), ...(blocks === undefined ? {} : { blocks }) }
}
