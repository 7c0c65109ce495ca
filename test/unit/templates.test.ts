import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBridgeError } from '../../src/core/errors.ts'
import type { Scope, Template } from '../../src/core/expressions/expressions.ts'
import { readsOf } from '../../src/core/expressions/expressions.ts'
import { compileTemplate } from '../../src/core/expressions/templates.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { scopeOf } from '../kit/scope.ts'

const event: JsonObject = {
  id: 9001,
  title: 'Spring <Meetup> & more',
  status: 'Published',
  start_date: '2026-03-20T18:00:00-07:00',
  day: '2026-03-20',
  odd_date: 'TBD',
  total: 12,
  none: null,
  tags: ['js', 'ai'],
  picture: { url: '' },
  chapter: { id: 77, title: 'Central', timezone: 'America/Los_Angeles' },
  surveys: {
    pre_order: {
      fields: [
        { label: 'T-shirt size', value: 'M' },
        { label: 'Topics', value: ['js', 'ai'] },
      ],
    },
  },
}
const scope = scopeOf('event', event, { timezone: 'Europe/Berlin' })
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function compile(source: string, options?: Parameters<typeof compileTemplate>[1]): Template {
  const result = compileTemplate(source, options)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}

const render = (source: string, on: Scope = scope): string => compile(source).render(on)

describe('templates', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['{{ event.title }} ({{ chapter.title }})', 'Spring <Meetup> & more (Central)'],
    ['{{ record.total }}', '12'],
    ['{{ type }} {{ delivery.seq }}', 'event 5'],
    ['[{{ event.none }}{{ event.nowhere.deeper }}{{ user.email }}]', '[]'],
    ['{{ event.tags }}', 'js, ai'],
    ['{{ event.tags | join: "/" }}', 'js/ai'],
    ['{{ event.picture }}', '{"url":""}'],
    ['{% if event.status == "Published" %}on{% else %}off{% endif %}', 'on'],
    ['{% for tag in event.tags %}{{ forloop.index }}{{ tag }} {% endfor %}', '1js 2ai '],
    ['{% assign name = event.title | upcase %}{{ name }}', 'SPRING <MEETUP> & MORE'],
    ['{{ event.none | default: "tba" }}', 'tba'],
    ['{{ answers["t-SHIRT size"] }} {{ answers["Topics"] }}', 'M js, ai'],
    ['{{ answers["Shoe size"] | default: "none" }}', 'none'],
    ['{% assign q = answers["t-shirt size"] %}{{ q }}', 'M'],
    ['{{ event | json | size }}', String(JSON.stringify(event).length)],
    // dates
    ["{{ event.start_date | local: '%Y-%m-%d %H:%M' }}", '2026-03-20 18:00'],
    ['{{ event.start_date | local }}', '2026-03-20 18:00'],
    ["{{ event.start_date | date: '%F %R' }}", '2026-03-21 01:00'],
    ["{{ event.start_date | date: '%F %R', 'Europe/Berlin' }}", '2026-03-21 02:00'],
    ["{{ event.start_date | date: '%R', 'Mars/X' }}", '01:00'],
    ["{{ event.day | local: '%-d %B' }}", '20 March'],
    ["{{ event.odd_date | local: '%F' }}", 'TBD'],
    ["[{{ event.none | local: '%F' }}{{ event.total | local: '%F' }}{{ event.picture | local }}]", '[]'],
    ['{{ event.start_date | local: event.none }}', '2026-03-20 18:00'],
    // nothing inherited
    ['[{{ record.constructor }}{{ record.__proto__ }}{{ event.tags.constructor }}{{ answers.constructor }}]', '[]'],
  ])('%s', (source, expected) => expect(render(source)).toBe(expected))

  it('print in the zone of the config where the chapter has none, else in UTC', () => {
    const source = "{{ event.start_date | local: '%R' }}"
    const bare = { ...event, chapter: { id: 77, title: 'Central' } }
    expect(render(source, scopeOf('event', bare, { timezone: 'Europe/Berlin' }))).toBe('02:00')
    expect(render(source, scopeOf('event', bare))).toBe('01:00')
    expect(render(`{% assign chapter = "x" %}${source}`)).toBe('18:00')
  })

  it('escape everything put out, save what is raw', () => {
    const source = '<b>{{ event.title }}</b> {{ event.title | raw }} {{ event.title | upcase }}'
    expect(compile(source, { escape }).render(scope)).toBe(
      '<b>Spring &lt;Meetup&gt; &amp; more</b> Spring <Meetup> & more SPRING &lt;MEETUP&gt; &amp; MORE',
    )
    expect(compile('{{ event.tags }}', { escape: (text) => `(${text})` }).render(scope)).toBe('(js, ai)')
  })

  it.each([
    ['{{ event.title }}', ['event']],
    ['{{ record["x"] }}{% if user.id == before.id %}{{ type }}{% endif %}', ['before', 'record', 'type', 'user']],
    ['{{ record[event.id] }}', ['event', 'record']],
    ['{% for t in event.tags %}{{ t | append: user.email }}{% endfor %}', ['event', 'user']],
    ["{{ event.start_date | local: '%F' }}", ['chapter', 'event']],
    ['{% assign x = chapter.title %}{{ x }}', ['chapter']],
    ['{{ answers["Diet"] }}', ['answers']],
    ['nothing', []],
  ])('%s reads %j', (source, expected) => {
    const template = compile(source)
    expect([...template.reads].sort()).toEqual(expected)
    expect([...readsOf({ deep: [template] })].sort()).toEqual(expected)
  })

  it.each<readonly [string, string]>([
    ['{{ evnt.title }}', 'did you mean "event"?) (line 1, column 4 of the template)'],
    ['x\n{{ status }}', 'did you mean "record.status"?) (line 2, column 4 of the template)'],
    ['{{ constructor }}', '"constructor" does not start with one of'],
    ['{{ event.title | upcas }}', 'undefined filter: upcas, line:1, col:1 (did you mean "upcase"?)'],
    ['{% iff type %}{% endif %}', 'did you mean "if"?'],
    ['{% if type %}', 'not closed'],
    ['{{ event.title', 'not closed'],
    ['{{ event..title }}', 'template: '],
    ...['{% include "x" %}', '{% render "x" %}', '{% layout "x" %}', '{% block x %}{% endblock %}'].map(
      (source) => [source, 'not found'] as const,
    ),
    ...['strip_html', 'sample', 'where_exp: "x", "user.id"', 'date_to_string'].map(
      (filter) => [`{{ event.tags | ${filter} }}`, 'undefined filter'] as const,
    ),
    ['x'.repeat(200_001), 'parse length limit exceeded'],
  ])('refuse %.60s', (source, message) => {
    const result = compileTemplate(source)
    expect(result.ok ? 'compiled' : result.issues.map((issue) => issue.message).join()).toContain(message)
  })

  it('fail by naming themselves, never what they were given', () => {
    const data = {
      id: 1,
      many: Array.from({ length: 9 }, () => 'x'),
      zone: 'canary@example.com',
      bad: { valueOf: 1, toString: 2 },
    }
    const on = scopeOf('event', data)
    for (const source of [
      '{% for i in (1..999999999) %}{{ record.zone }}{% endfor %}',
      '{{ record.zone | append: record.bad }}',
      '{{ record.zone | base64_decode }}',
    ]) {
      let thrown: unknown
      try {
        compile(source).render(on)
      } catch (error) {
        thrown = error
      }
      expect(isBridgeError(thrown, 'record')).toBe(true)
      expect(thrown).toMatchObject({ code: 'ERR_TEMPLATE', message: expect.stringContaining(JSON.stringify(source)) })
      expect(String((thrown as Error).stack)).not.toContain('canary')
    }
  })

  it('never show what is inherited, whatever the data', () => {
    const name = fc.constantFrom(
      'constructor',
      '__proto__',
      'toString',
      'valueOf',
      'toLiquid',
      'then',
      'size',
      'first',
      'a',
    )
    const data = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
    const filter = fc.constantFrom(
      '',
      ' | upcase',
      ' | json',
      ' | first',
      ' | default: "-"',
      " | local: '%F'",
      ' | join',
    )
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 }), filter, data, (path, applied, fields) => {
        const source = `{{ record${path.map((part) => `["${part}"]`).join('')}${applied} }}`
        try {
          const text = compile(source).render(scopeOf('event', { ...(fields as JsonObject) }))
          expect(text).not.toMatch(/native code|function/)
        } catch (error) {
          expect(isBridgeError(error, 'record')).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
