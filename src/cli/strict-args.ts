import type { ArgDef, ArgsDef } from 'citty'
import { didYouMean } from '../core/suggest.ts'
import { usageError } from './verb.ts'

/** citty lets unknown options, missing values and surplus words pass; here they are mistakes. Throws a usage error. */
export function checkArgs(rawArgs: readonly string[], args: ArgsDef): void {
  const options = new Map<string, ArgDef>()
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === 'positional') continue
    options.set(`--${name}`, arg)
    for (const alias of aliasesOf(arg)) options.set(alias.length === 1 ? `-${alias}` : `--${alias}`, arg)
  }
  let words = 0
  for (let i = 0; i < rawArgs.length; i++) {
    const raw = rawArgs[i] as string
    if (raw === '--') {
      words += rawArgs.length - i - 1
      break
    }
    if (!raw.startsWith('-') || raw === '-') {
      words++
      continue
    }
    const [name = raw, inline] = splitOnce(raw)
    const option = options.get(name)
    if (option === undefined) throw unknownOption(name, options)
    if (option.type === 'boolean') {
      if (inline !== undefined && inline !== 'true' && inline !== 'false') throw usageError(`${name} takes no value`)
      continue
    }
    const value = inline ?? rawArgs[++i]
    if (value === undefined || value === '' || (inline === undefined && value.startsWith('--'))) {
      throw usageError(`${name} needs a value`)
    }
  }
  checkWords(words, Object.entries(args))
}

function checkWords(words: number, args: readonly (readonly [string, ArgDef])[]): void {
  const positionals = args.filter(([, arg]) => arg.type === 'positional')
  const missing = positionals.slice(words).find(([, arg]) => arg.required !== false && arg.default === undefined)
  if (missing !== undefined) throw usageError(`${missing[0].toUpperCase()} is missing`)
  if (words <= positionals.length) return
  throw usageError(
    positionals.length === 0 ? 'it takes options only' : `too many arguments: at most ${positionals.length}`,
  )
}

function unknownOption(name: string, options: ReadonlyMap<string, ArgDef>): Error {
  return usageError(`there is no option ${name}${didYouMean(name, [...options.keys(), '--help'])}`)
}

function splitOnce(raw: string): [string, string?] {
  const at = raw.indexOf('=')
  return at < 0 ? [raw] : [raw.slice(0, at), raw.slice(at + 1)]
}

/** Other names of an option. */
export function aliasesOf(arg: ArgDef): readonly string[] {
  return 'alias' in arg && arg.alias !== undefined ? [arg.alias].flat() : []
}
