import { relative } from 'node:path'
import { formatPath } from '../core/expressions/paths.ts'

/** Where something stands in a config file. `line` and `column` count from 1; line 0 means the file as a whole. */
export interface Place {
  /** Absolute path of the file. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing wrong (or odd) in the config. */
export interface Problem extends Place {
  /** `routes[0].to[1]`; empty for the whole file. */
  readonly path: string
  /** What is wrong and, where known, the remedy. Never a secret. */
  readonly message: string
}

/** A way into the config: names and list indexes. */
export type Path = readonly (string | number)[]

/** `file:line:column path: what is wrong`. With `cwd`, files below that folder are shown relative to it. */
export function formatProblem(problem: Problem, cwd?: string): string {
  const short = cwd === undefined ? problem.file : relative(cwd, problem.file)
  const file = short === '' || short.startsWith('..') ? problem.file : short
  const place = problem.line === 0 ? `${file}:` : `${file}:${problem.line}:${problem.column}`
  return problem.path === '' ? `${place} ${problem.message}` : `${place} ${problem.path}: ${problem.message}`
}

/** A problem at a place. */
export function problemAt(at: Place, path: Path, message: string): Problem {
  return { file: at.file, line: at.line, column: at.column, path: formatPath(path), message }
}

/** A problem of a whole file. */
export function problemOf(file: string, message: string): Problem {
  return { file, line: 0, column: 0, path: '', message }
}

/** In reading order: files as given, then lines and columns; equal ones once. */
export function sortProblems(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]))
  return [...unique.values()].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
}
