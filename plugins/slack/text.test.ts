import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { finishMarkup, finishPlain, slackEscape } from './text.ts'

const esc = slackEscape

describe('what comes from a record', () => {
  it.each([
    ['<!channel>', '&lt;!channel&gt;'],
    ['<https://evil.example|login>', '&lt;https://evil.example|login&gt;'],
    ['a & b &lt; c', 'a &amp; b &amp;lt; c'],
    ['a|b', 'a|b'],
    ['@here', '@here'],
    ['lone \ud800', 'lone \ufffd'],
  ])('%j stands as plain text', (data, expected) => {
    expect(finishMarkup(esc(data), 100)).toBe(expected)
    expect(finishMarkup(esc(esc(data)), 100)).toBe(expected)
  })

  it.each([
    ['https://example.org/a|b>c d', '<https://example.org/a%7Cb%3Ec%20d|See>'],
    ['https://example.org/?a=1&b=2', '<https://example.org/?a=1&amp;b=2|See>'],
    ['!channel', 'See'],
    [' !here', 'See'],
    ['@U123', 'See'],
    ['\u200b@U123', 'See'],
    ['', 'See'],
  ])('%j in a link is a link or nothing', (url, expected) => {
    expect(finishMarkup(`<${esc(url)}|See>`, 100)).toBe(expected)
  })

  it('keeps what the author of a template wrote', () => {
    expect(finishMarkup(`<!here> <@U1> *${esc('a*b')}* <!date^1^{date}|x> > q`, 100)).toBe(
      '<!here> <@U1> *a*b* <!date^1^{date}|x> > q',
    )
    expect(finishMarkup('a < b', 100)).toBe('a &lt; b')
  })
})

/** What Slack might read, what may be cut in two, and what it may be beside. */
const unit = fc.constantFrom(...'&<>|!@#; \n\u200baé', '😀', '\ud800', '\ue001')

describe('cutting', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['ab cdefg', 4, 'ab…'],
    ['👍👍👍', 4, '👍…'],
    [esc('a&&&'), 8, 'a&amp;…'],
    [esc('&&'), 9, '&amp;…'],
  ])('%j to %i', (text, limit, expected) => expect(finishMarkup(text, limit)).toBe(expected))

  it.each([
    [30, '<https://a.example|label of…>'],
    [22, '<https://a.example|l…>'],
    [20, '…'],
    [31, '<https://a.example|label of it>'],
  ])('a link to %i loses of its label, never its end', (limit, expected) =>
    expect(finishMarkup('<https://a.example|label of it>', limit)).toBe(expected),
  )

  it('never splits an entity or a character, and keeps the limit, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), fc.integer({ min: 1, max: 40 }), (data, limit) => {
        const text = finishMarkup(`${esc(data)} <${esc(data)}|${esc(data)}>`, limit)
        expect(text.length).toBeLessThanOrEqual(limit)
        expect(text.isWellFormed()).toBe(true)
        expect(text.replace(/&(?:amp|lt|gt);/g, '')).not.toContain('&')
        expect(text).not.toMatch(/<[^>]*$|<[!@#]|[\ue000-\ue004]/)
        expect(finishPlain(esc(data), limit).length).toBeLessThanOrEqual(limit)
      }),
    )
  })

  it('leaves a place that is no markup as it is said', () => {
    expect(finishPlain(`https://example.org/?a=1&b=${esc('<&|>')}`)).toBe('https://example.org/?a=1&b=<&|>')
  })
})
