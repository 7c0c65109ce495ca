import { defineCommand, type ArgsDef, type CommandDef, type ParsedArgs } from 'citty'
import { BridgeError } from '../core/errors.ts'
import type { ExitCode } from './deps.ts'

/** One verb of the command line: a citty command with the parts of its help page. */
export interface Verb {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** Paragraphs of the help page. */
  readonly description: readonly string[]
  /** Arguments and what they do. */
  readonly examples: readonly (readonly [args: string, what: string])[]
  readonly args: ArgsDef
  readonly command: CommandDef
}

/** A mistake of the person at the keyboard; ends with exit code 2. */
export function usageError(message: string, options?: ErrorOptions): BridgeError {
  return new BridgeError('config', 'ERR_USAGE', message, options)
}

/** Makes a verb; `run` gets its arguments typed, and all `--config` files as a list. */
export function defineVerb<const T extends ArgsDef>(
  verb: Omit<Verb, 'command' | 'args'> & {
    readonly args: T
    run(args: ParsedArgs<T>, lists: { readonly config: readonly string[] }): Promise<ExitCode | number>
  },
): Verb {
  const { run, ...rest } = verb
  const command = defineCommand({
    meta: { name: verb.name, description: verb.summary },
    args: verb.args,
    run: ({ args, rawArgs }) => run(args, { config: valuesOf(rawArgs, 'config', 'c') }),
  })
  return {
    ...rest,
    // The arguments are known to `run` alone.
    command: command as unknown as CommandDef,
  }
}

/** Options that several verbs share. */
export const CONFIG_ARG = {
  config: {
    type: 'string',
    alias: 'c',
    valueHint: 'FILE',
    description:
      'Config file; given several times, later ones go on top. Default: bevy-bridge.yaml, then config/bevy-bridge.yaml.',
  },
} as const satisfies ArgsDef

export const JSON_ARG = {
  json: { type: 'boolean', description: 'Print JSON instead of text.' },
} as const satisfies ArgsDef

/** All values of an option that may be given several times: citty keeps only the last. */
export function valuesOf(rawArgs: readonly string[], name: string, alias: string): string[] {
  const values: string[] = []
  for (let i = 0; i < rawArgs.length && rawArgs[i] !== '--'; i++) {
    const arg = rawArgs[i] as string
    if (arg === `--${name}` || arg === `-${alias}`) values.push(rawArgs[++i] ?? '')
    else if (arg.startsWith(`--${name}=`)) values.push(arg.slice(name.length + 3))
  }
  return values
}

/** A number that was given as text; `fallback` when it was not given. Throws a usage error. */
export function numberOf(
  text: string | undefined,
  name: string,
  fallback: number,
  { min = 0, integer = false }: { readonly min?: number; readonly integer?: boolean } = {},
): number {
  if (text === undefined) return fallback
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(value) || value < min || (integer && !Number.isSafeInteger(value))) {
    throw usageError(`--${name} needs a ${integer ? 'whole ' : ''}number of at least ${min}, not "${text}"`)
  }
  return value
}

/** One of a few words. Throws a usage error with the nearest. */
export function oneOf<T extends string>(text: string | undefined, name: string, words: readonly T[], fallback: T): T {
  if (text === undefined) return fallback
  const found = words.find((word) => word.toLowerCase() === text.toLowerCase())
  if (found === undefined) throw usageError(`--${name} is one of ${words.join(', ')}, not "${text}"`)
  return found
}
