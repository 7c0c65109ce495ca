import type { Json, JsonObject } from '../types.ts'

/** The survey asked first, and the only one seen in public examples; others are possible. */
const FIRST_SURVEY = 'pre_order'

/**
 * Survey answers by label, from `surveys.<kind>.fields[{ label, value }]`; with `survey`, from that kind only. Of two equal
 * labels (trimmed, case ignored) the first counts, `pre_order` first. What has another shape is passed over. The result has
 * no prototype, since labels come from outside.
 */
export function answersOf(data: JsonObject, survey?: string): Readonly<Record<string, Json>> {
  const answers: Record<string, Json> = Object.create(null)
  const surveys = isObject(data.surveys) ? data.surveys : {}
  const kinds = survey === undefined ? Object.keys(surveys).sort(firstSurveyFirst) : [survey]
  const seen = new Set<string>()
  for (const kind of kinds) {
    const found = Object.hasOwn(surveys, kind) ? surveys[kind] : undefined
    const fields = isObject(found) ? found.fields : undefined
    for (const field of Array.isArray(fields) ? fields : []) {
      if (!isObject(field) || (typeof field.label !== 'string' && typeof field.label !== 'number')) continue
      const label = String(field.label)
      if (seen.has(normal(label))) continue
      seen.add(normal(label))
      answers[label] = field.value ?? null
    }
  }
  return answers
}

/** The answer under a label, trimmed and case ignored; undefined when there is none. */
export function findAnswer(answers: Readonly<Record<string, Json>>, label: string): Json | undefined {
  if (Object.hasOwn(answers, label)) return answers[label]
  const wanted = normal(label)
  const found = Object.keys(answers).find((key) => normal(key) === wanted)
  return found === undefined ? undefined : answers[found]
}

function normal(label: string): string {
  return label.trim().toLowerCase()
}

function firstSurveyFirst(a: string, b: string): number {
  return Number(b === FIRST_SURVEY) - Number(a === FIRST_SURVEY)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
