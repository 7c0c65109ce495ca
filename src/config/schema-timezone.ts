import { z } from 'zod'
import { nearest } from '../core/suggest.ts'
import { isTimeZone } from '../core/expressions/zones.ts'

/** An IANA time zone such as `Europe/Berlin`, or one of the words that stand for a zone here. */
export function timezone(...words: readonly string[]): z.ZodString {
  return z.string().superRefine((zone, context) => {
    if (words.includes(zone) || (/^[A-Za-z]/.test(zone) && isTimeZone(zone))) return
    const near = nearest(zone, [...words, ...Intl.supportedValuesOf('timeZone')])
    const hint = near === undefined ? '' : ` (did you mean "${near}"?)`
    const others = words.map((word) => ` or ${word}`).join('')
    context.addIssue({ code: 'custom', message: `not a time zone such as Europe/Berlin${others}${hint}` })
  })
}
