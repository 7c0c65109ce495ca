import type { ArgDef } from 'citty'
import { aliasesOf } from './strict-args.ts'
import { alignColumns, wrap, type Paint } from './text.ts'
import type { Verb } from './verb.ts'

const PROGRAM = 'bevy-bridge'
const EXIT_CODES =
  'Exit codes: 0 ok, 1 a problem was found, 2 wrong usage, 3 the bridge or its store could not be reached.'

/** The page of `bevy-bridge --help`. */
export function formatHelp(verbs: readonly Verb[], version: string, paint: Paint): string {
  return [
    `${paint.bold(PROGRAM)} ${version}: a self-hosted bridge from Bevy webhooks to the tools a community team works in.`,
    '',
    `Usage: ${PROGRAM} <verb> [options]`,
    '',
    ...alignColumns(
      verbs.map(({ name, summary }) => [name, summary]),
      { indent: 2 },
    ),
    '',
    `${PROGRAM} <verb> --help says more and gives examples.`,
    EXIT_CODES,
    '',
  ].join('\n')
}

/** The page of `bevy-bridge VERB --help`. */
export function formatVerbHelp(verb: Verb, paint: Paint, columns = 100): string {
  const wide = Math.max(60, Math.min(columns, 110))
  const all = Object.entries(verb.args)
  const words = all.filter(([, arg]) => arg.type === 'positional')
  const options = all.filter(([, arg]) => arg.type !== 'positional')
  const usage = words.map(([name, arg]) => (arg.required === false ? `[${name.toUpperCase()}]` : name.toUpperCase()))
  const rows = [...words.map(([name, arg]) => [name.toUpperCase(), arg] as const), ...options.map(labelled)]
  const labels = Math.max(0, ...rows.map(([label]) => label.length))
  return [
    `${paint.bold(`${PROGRAM} ${verb.name}`)}: ${verb.summary}`,
    '',
    `Usage: ${[PROGRAM, verb.name, ...usage, ...(options.length > 0 ? ['[options]'] : [])].join(' ')}`,
    '',
    ...verb.description.flatMap((paragraph) => [...wrap(paragraph, wide), '']),
    ...rows.flatMap(([label, arg]) => {
      const [first = '', ...rest] = wrap(describe(arg), wide - labels - 4)
      return [`  ${label.padEnd(labels)}  ${first}`.trimEnd(), ...rest.map((line) => ' '.repeat(labels + 4) + line)]
    }),
    ...(rows.length > 0 ? [''] : []),
    ...(verb.examples.length > 0 ? ['Examples:'] : []),
    ...verb.examples.flatMap(([args, what]) => [
      `  ${PROGRAM} ${verb.name}${args === '' ? '' : ` ${args}`}`,
      paint.dim(`      ${what}`),
    ]),
    ...(verb.examples.length > 0 ? [''] : []),
    EXIT_CODES,
    '',
  ].join('\n')
}

function labelled([name, arg]: readonly [string, ArgDef]): readonly [string, ArgDef] {
  const short = aliasesOf(arg).map((alias) => `-${alias}, `)
  return [`${short.join('')}--${name}${arg.valueHint === undefined ? '' : ` ${arg.valueHint}`}`, arg]
}

function describe(arg: ArgDef): string {
  return `${arg.description ?? ''}${arg.default === undefined ? '' : ` Default: ${String(arg.default)}.`}`
}
