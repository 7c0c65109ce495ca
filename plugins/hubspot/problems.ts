import type { Schemas } from './api.ts'

/** What HubSpot found wrong with one property. */
export interface PropertyProblem {
  readonly property: string
  /** `PROPERTY_DOESNT_EXIST`, `INVALID_OPTION`, … */
  readonly code: string
}

const CODE = /^[A-Z][A-Z0-9_.]{1,79}$/
const NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/i

/**
 * What a problem says about properties. The `message` may hold a JSON array as text (`Property values were not valid: [{…}]`);
 * its own messages repeat values, which are people's data, so only names and codes are taken.
 *
 * @see https://developers.hubspot.com/docs/api-reference/error-handling
 */
export function propertyProblems(problem: Schemas['Problem']): PropertyProblem[] {
  const found: PropertyProblem[] = []
  const add = (property: unknown, code: unknown): void => {
    if (typeof property !== 'string' || !NAME.test(property) || typeof code !== 'string' || !CODE.test(code)) return
    if (!found.some((known) => known.property === property && known.code === code)) found.push({ property, code })
  }
  const messages = [problem.message, ...(problem.errors ?? []).map(({ message }) => message)]
  for (const entry of messages.flatMap(jsonIn)) add(entry.name, entry.error)
  for (const { code, in: where, context } of problem.errors ?? []) {
    for (const name of texts(context?.propertyName)) add(name, code)
    if (where !== undefined) add(where, code)
  }
  for (const name of texts(problem.context?.propertyName)) add(name, problem.category)
  return found
}

function jsonIn(message: string | undefined): Record<string, unknown>[] {
  const start = message?.indexOf('[{') ?? -1
  if (message === undefined || start < 0) return []
  try {
    const list: unknown = JSON.parse(message.slice(start, message.lastIndexOf(']') + 1))
    return Array.isArray(list) ? list.filter((entry) => typeof entry === 'object' && entry !== null) : []
  } catch {
    return []
  }
}

/** Scopes a 403 asks for, as HubSpot lists them in several places. */
export function missingScopes(problem: Schemas['Problem']): string[] {
  const contexts = [problem.context, ...(problem.errors ?? []).map(({ context }) => context)]
  const names = contexts.flatMap((context) =>
    ['requiredGranularScopes', 'requiredScopes', 'missingScopes'].flatMap((key) => texts(context?.[key])),
  )
  return [...new Set(names)].filter((name) => /^[a-z0-9._-]{1,80}$/.test(name))
}

/** Trace ids of the inputs an error of a 207 is about. */
export const traceIds = (problem: Schemas['Problem']): string[] => texts(problem.context?.objectWriteTraceId)

/** `400 VALIDATION_ERROR (diet: INVALID_OPTION), correlationId 1234`: no value, no message, for those repeat people's data. */
export function describeProblem(
  problem: Schemas['Problem'],
  status?: number,
  correlationId = problem.correlationId,
): string {
  const properties = propertyProblems(problem).map(({ property, code }) => `${property}: ${code}`)
  const codes = [
    problem.category ?? problem.errorType,
    problem.subCategory,
    ...(properties.length > 0 ? [] : (problem.errors ?? []).map(({ code }) => code)),
  ].filter((code): code is string => typeof code === 'string' && /^[A-Za-z0-9_.]{1,80}$/.test(code))
  const words = [status, ...new Set(codes), properties.length === 0 ? undefined : `(${properties.join(', ')})`]
  const said = words.filter((word) => word !== undefined).join(' ')
  return `${said === '' ? 'refused without a reason' : said}${correlation(correlationId)}`
}

/** How HubSpot's support finds it again; an outage has none. */
function correlation(id: string | undefined): string {
  return id !== undefined && /^[\w-]{1,80}$/.test(id) ? `, correlationId ${id}` : ''
}

function texts(value: unknown): string[] {
  return [value].flat().filter((text): text is string => typeof text === 'string')
}
