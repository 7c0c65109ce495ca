import { runCommand } from 'citty'
import { coerceError, isBridgeError } from '../core/errors.ts'
import { maskEmails } from '../core/mask-emails.ts'
import { didYouMean } from '../core/suggest.ts'
import { createVerbs } from './commands.ts'
import type { CliDeps } from './deps.ts'
import { formatHelp, formatVerbHelp } from './help.ts'
import { checkArgs } from './strict-args.ts'
import { createPaint } from './text.ts'
import { usageError, type Verb } from './verb.ts'

/**
 * Runs one command line (without the program's name) and gives its exit code: 0 ok, 1 a problem was found, 2 wrong usage, 3 the
 * bridge or its store could not be reached or opened. Never rejects.
 */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const verbs = createVerbs(deps)
  const [name, ...rest] = argv
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') return printHelp(verbs, rest, deps)
    if (name === '--version' || name === '-v') {
      deps.stdout.write(`${deps.version}\n`)
      return 0
    }
    const verb = findVerb(verbs, name)
    const end = rest.indexOf('--')
    if (rest.slice(0, end < 0 ? undefined : end).some((arg) => arg === '--help' || arg === '-h')) {
      return printHelp(verbs, [name], deps)
    }
    checkArgs(rest, verb.args)
    const { result } = await runCommand(verb.command, { rawArgs: rest })
    return result as number
  } catch (error) {
    return explainError(error, verbs.find((verb) => verb.name === name)?.name, deps)
  }
}

function findVerb(verbs: readonly Verb[], name: string): Verb {
  const found = verbs.find((verb) => verb.name === name)
  if (found !== undefined) return found
  const names = verbs.map((verb) => verb.name)
  throw usageError(`there is no verb "${name}"${didYouMean(name, names)}; the verbs are ${names.join(', ')}`)
}

function printHelp(verbs: readonly Verb[], [name]: readonly string[], deps: CliDeps): number {
  const paint = createPaint(deps.stdout, deps.env)
  const page =
    name === undefined || name.startsWith('-')
      ? formatHelp(verbs, deps.version, paint)
      : formatVerbHelp(findVerb(verbs, name), paint, deps.stdout.columns)
  deps.stdout.write(page)
  return 0
}

function explainError(thrown: unknown, verb: string | undefined, deps: CliDeps): number {
  const error = coerceError(thrown)
  if (!isBridgeError(error)) {
    deps.stderr.write(`bevy-bridge: ${maskEmails(error.stack ?? error.message)}\n`)
    return 1
  }
  const usage = error.code === 'ERR_USAGE'
  deps.stderr.write(`bevy-bridge: ${maskEmails(error.message)}${usage ? '' : ` (${error.code})`}\n`)
  if (usage) {
    deps.stderr.write(`bevy-bridge ${verb === undefined ? '' : `${verb} `}--help says more\n`)
    return 2
  }
  return error.kind === 'store' || error.kind === 'transport' ? 3 : 1
}
