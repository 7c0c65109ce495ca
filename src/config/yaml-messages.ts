import type { LineCounter, YAMLParseError } from 'yaml'
import type { Problem } from './problem.ts'

/** What is said where YAML took a template or a reference for a map. */
export const QUOTE_IT = 'quote it: without quotes YAML reads { as the start of a map; write "{{ … }}" or "${…}"'

/** In words a person at a config understands; codes of the `yaml` package, https://eemeli.org/yaml/#errors */
const MESSAGES: Readonly<Record<string, string>> = {
  BAD_INDENT: 'indented differently from its neighbours',
  TAB_AS_INDENT: 'tabs cannot indent in YAML; use spaces',
  MULTIPLE_DOCS: 'one document per file: remove the line with ---',
  MULTIPLE_ANCHORS: 'more than one anchor (&…) on a value',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; is a colon or a quote missing?',
  BLOCK_AS_IMPLICIT_KEY: 'two colons in one value: put the value in quotes',
  BLOCK_IN_FLOW: 'a comma, a bracket or a quote is missing in this { } or [ ]',
  BAD_SCALAR_START: 'a value that starts with @, ` or % must be in quotes',
  MISSING_CHAR: 'a comma, a colon, a bracket or a closing quote is missing',
  UNEXPECTED_TOKEN: 'YAML cannot read this; is a quote, a bracket or a colon missing before it?',
}

/** True when the text has `{{` or `${` outside of quotes. */
export function hasBareBraces(text: string): boolean {
  return /\{\{|\$\{/.test(text.replace(/"(?:\\.|[^"\\])*"|'(?:''|[^'])*'/g, ''))
}

/** One problem a line: the first error says it, the rest follow from it. Messages never quote the file. */
export function toSyntaxProblems(
  errors: readonly YAMLParseError[],
  text: string,
  file: string,
  lines: LineCounter,
): Problem[] {
  const perLine = new Map<number, Problem>()
  const source = text.split('\n')
  for (const error of errors) {
    const { line, col } = lines.linePos(error.pos[0])
    if (perLine.has(line)) continue
    const known = MESSAGES[error.code] ?? `YAML cannot read this (${error.code})`
    perLine.set(line, {
      file,
      line,
      column: col,
      path: '',
      message: hasBareBraces(source[line - 1] ?? '') ? QUOTE_IT : known,
    })
  }
  return [...perLine.values()].sort((a, b) => a.line - b.line)
}
