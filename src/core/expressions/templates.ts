import type { StaticAnalysis, Template as LiquidNode, Variable } from 'liquidjs'
import { findAnswer } from './answers.ts'
import { BridgeError } from '../errors.ts'
import type { ReadPath, Scope, ScopeRoot, Template } from './expressions.ts'
import { COMPILED_BRAND, SCOPE_ROOTS } from './expressions.ts'
import type { Issue, Result } from '../issues.ts'
import { failed } from '../issues.ts'
import { engineFor, ZONE } from './liquid-engine.ts'
import { isRoot, noRoot } from './paths.ts'
import { didYouMean } from '../suggest.ts'
import { zoneOf } from './zones.ts'

/** How a template is compiled. */
export interface TemplateOptions {
  /** Applied to everything put out by `{{ }}`, save after `| raw`. One function for one kind of text: engines are kept by it. */
  readonly escape?: (text: string) => string
}

/**
 * Compiles a Liquid template (https://liquidjs.com). It reads the scope roots only; the filter `local: '%H:%M'` prints an
 * instant in the chapter's zone, else the config's, else UTC. Lists are put out joined by commas, objects as JSON.
 */
export function compileTemplate(source: string, options: TemplateOptions = {}): Result<Template> {
  const engine = engineFor(options.escape)
  let nodes: LiquidNode[]
  let analysis: StaticAnalysis
  try {
    nodes = engine.parse(source)
    analysis = engine.analyzeSync(nodes, { partials: false })
  } catch (error) {
    return failed(parseProblem(error, Object.keys(engine.filters), Object.keys(engine.tags)))
  }
  const issues = unknownRoots(analysis)
  if (issues.length > 0) return { ok: false, issues }
  const reads = new Set(Object.keys(analysis.globals).filter(isRoot))
  // The analysis does not tell filters. A false alarm in quoted text costs a look-up.
  if (/\|\s*local\b/.test(source)) reads.add('chapter')
  const labels = answerLabels(analysis)
  const render = (scope: Scope): string => {
    try {
      return String(engine.renderSync(nodes, environment(scope, reads, labels)))
    } catch (error) {
      throw renderProblem(source, error)
    }
  }
  return { ok: true, value: { [COMPILED_BRAND]: 'template', source, reads, paths: pathsIn(analysis), render } }
}

/** What Liquid itself knows of every value. */
const LIQUID_NAMES = new Set<unknown>(['size', 'first', 'last'])

/** Up to where they are fixed. */
function pathsIn(analysis: StaticAnalysis): ReadPath[] {
  return Object.values(analysis.globals)
    .flat()
    .map(({ segments }) => {
      const end = segments.findIndex((segment) => typeof segment === 'object' || LIQUID_NAMES.has(segment))
      return (end < 0 ? segments : segments.slice(0, end)) as ReadPath
    })
}

/** What the template sees: the roots it reads, and nothing inherited. */
function environment(scope: Scope, reads: ReadonlySet<ScopeRoot>, labels: readonly string[]): object {
  const roots: Record<string | symbol, unknown> = Object.create(null)
  for (const root of SCOPE_ROOTS) if (reads.has(root) && root in scope) roots[root] = scope[root]
  if (labels.length > 0) roots.answers = withLabels(scope, labels)
  roots[ZONE] = reads.has('chapter') ? zoneOf(scope) : undefined
  return roots
}

/** The answers, also under the labels as the template writes them. */
function withLabels(scope: Scope, labels: readonly string[]): object {
  const answers: Record<string, unknown> = Object.assign(Object.create(null), scope.answers)
  for (const label of labels) answers[label] ??= findAnswer(scope.answers, label)
  return answers
}

function answerLabels(analysis: StaticAnalysis): string[] {
  const labels = new Set<string>()
  const visit = ({ segments: [root, ...rest] }: Variable): void => {
    if (root === 'answers' && (typeof rest[0] === 'string' || typeof rest[0] === 'number')) labels.add(String(rest[0]))
    for (const segment of rest) if (typeof segment === 'object') visit(segment)
  }
  for (const variable of Object.values(analysis.variables).flat()) visit(variable)
  return [...labels]
}

function unknownRoots(analysis: StaticAnalysis): Issue[] {
  return Object.entries(analysis.globals)
    .filter(([name]) => !isRoot(name))
    .map(([name, [first]]) => {
      const place =
        first === undefined ? '' : ` (line ${first.location.row}, column ${first.location.col} of the template)`
      return { path: [], message: `"${name}" ${noRoot(name, (first?.segments.length ?? 0) > 1)}${place}` }
    })
}

/** Says what Liquid said, with the nearest filter or tag. */
function parseProblem(error: unknown, filters: readonly string[], tags: readonly string[]): string {
  const text = error instanceof Error ? error.message : String(error)
  const filter = /^undefined filter: (\S+?),/.exec(text)?.[1]
  const tag = /^tag "([^"]+)" not found/.exec(text)?.[1]
  const hint =
    filter !== undefined ? didYouMean(filter, filters) : tag !== undefined ? didYouMean(tag, [...tags, 'endif']) : ''
  return `template: ${text}${hint}`
}

/**
 * Names the template and the kind of failure. Not Liquid's message, nor the error as cause: both may quote what a record
 * holds, and causes are logged.
 */
function renderProblem(source: string, error: unknown): BridgeError {
  const { message = '', originalError } = error as { message?: string; originalError?: Error }
  const limit = /^(?:memory alloc|template render|parse length) limit exceeded/.exec(message)?.[0]
  const place = /, line:\d+, col:\d+$/.exec(message)?.[0].replace(', ', ' at ') ?? ''
  const shown = source.length > 80 ? `${source.slice(0, 79)}…` : source
  const kind = limit ?? originalError?.name ?? 'an error of the template engine'
  return new BridgeError(
    'record',
    'ERR_TEMPLATE',
    `the template ${JSON.stringify(shown)} cannot be rendered: ${kind}${place}`,
  )
}
