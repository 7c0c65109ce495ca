import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeJob, sampleJobs, SAMPLE_RECORDS } from '../../src/testing.ts'
import { blockProblems, isTooLong } from './block-rules.fake.ts'
import { builtIn, builtInProblems, canceledAnnouncement } from './built-in.ts'
import { builtInDigest } from './digest.ts'
import { KIND_NAMES, type Kind } from './kinds.ts'
import { finishMessage } from './limits.ts'

const mrkdwn = (text: string) => ({ type: 'mrkdwn', text })
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) })

describe('finishMessage', () => {
  it.each([
    ['a text', { text: 'hello' }, { text: 'hello' }],
    ['nothing', { text: '  ' }, undefined],
    [
      'blocks that are all empty',
      { text: '', blocks: [section(' '), { type: 'context', elements: [mrkdwn('')] }] },
      undefined,
    ],
    [
      'the first text for notifications',
      { blocks: [section('first'), section('second')] },
      { text: 'first', blocks: [section('first'), section('second')] },
    ],
    [
      'empty fields dropped',
      { text: 't', blocks: [{ type: 'section', fields: [mrkdwn('a'), mrkdwn('')] }] },
      { text: 't', blocks: [{ type: 'section', fields: [mrkdwn('a')] }] },
    ],
    [
      'a button without a URL dropped, and the actions with it',
      {
        text: 't',
        blocks: [
          { type: 'actions', elements: [{ type: 'button', url: '', text: { type: 'plain_text', text: 'Go' } }] },
        ],
      },
      { text: 't' },
    ],
    [
      'an image without a URL dropped, the section kept',
      { text: 't', blocks: [{ ...section('a'), accessory: { type: 'image', image_url: '', alt_text: 'x' } }] },
      { text: 't', blocks: [section('a')] },
    ],
    [
      'numbers and booleans kept',
      { text: 't', blocks: [{ type: 'divider' }, { ...section('a'), expand: true }] },
      { text: 't', blocks: [{ type: 'divider' }, { ...section('a'), expand: true }] },
    ],
  ])('%s', (_, draft, expected) => expect(finishMessage(draft)).toEqual(expected))

  it('keeps to the limits of each place', () => {
    const long = 'x'.repeat(20_000)
    const plain = { type: 'plain_text', text: long }
    const blocks = [
      { type: 'header', text: plain },
      {
        type: 'actions',
        elements: Array.from({ length: 30 }, () => ({
          type: 'button',
          text: plain,
          value: long,
          url: 'https://a.example',
        })),
      },
      { type: 'section', fields: Array.from({ length: 12 }, () => mrkdwn('abc')) },
      { type: 'context', elements: Array.from({ length: 12 }, () => mrkdwn('abc')) },
      ...Array.from({ length: 60 }, () => section(long)),
    ]
    const message = finishMessage({ text: long, blocks })
    expect(blockProblems(message?.blocks)).toEqual([])
    expect(isTooLong(message?.blocks)).toBe(false)
    expect(message?.text.length).toBeLessThanOrEqual(1000)
    expect(message?.blocks?.length).toBeLessThanOrEqual(50)
    expect(finishMessage({ text: long })?.text.length).toBe(3500)
  })
})

describe('the built-in messages', () => {
  it('compile', () => expect(builtInProblems()).toEqual([]))

  it.each(KIND_NAMES)('%s says something of the samples', (kind) => {
    const type = kind.split('.')[0] ?? ''
    const job = sampleJobs().find((one) => one.type === type) ?? makeJob({ type: 'something', data: { id: 1 } })
    const message = builtIn(kind).render(job)
    expect(message?.text).toMatch(/\w{3}/)
    expect(blockProblems(message?.blocks)).toEqual([])
  })

  it('are taken by Slack and call nobody, whatever records hold', () => {
    const value = fc.oneof(
      fc.constantFrom(
        '<!channel>',
        '!here',
        '@U1',
        'a|b>c',
        '&amp;',
        '<https://evil.example|x>',
        '',
        '{{ record }}',
        'x'.repeat(4000),
        '😀'.repeat(1500),
      ),
      fc.string({ unit: fc.constantFrom(...'&<>|!@#*_~; \n{%}aé', '😀', '\ud800') }),
      fc.constantFrom(null, 7, true, [], {}),
    )
    const fields = fc.dictionary(
      fc.constantFrom(
        'title',
        'url',
        'description_short',
        'start_date',
        'end_date',
        'venue_name',
        'venue_city',
        'first_name',
        'last_name',
        'ticket_title',
        'city',
        'chapter',
      ),
      value,
    )
    const kinds = fc.constantFrom<Kind>(...KIND_NAMES)
    fc.assert(
      fc.property(kinds, fields, fields, (kind, data, other) => {
        const type = kind.split('.')[0] ?? ''
        const known = SAMPLE_RECORDS.find((sample) => sample.type === type)?.data ?? { id: 1 }
        const job = {
          ...makeJob({ type, data: { ...known, ...(data as object) } }),
          chapter: { id: 1, ...(other as object) },
        }
        for (const message of [
          builtIn(kind).render(job),
          canceledAnnouncement().render(job),
          builtInDigest.render([
            { job, kind },
            { job, kind },
          ]),
        ]) {
          expect(message).toBeDefined()
          expect(blockProblems(message?.blocks)).toEqual([])
          expect(isTooLong(message?.blocks)).toBe(false)
          expect(JSON.stringify(message)).not.toMatch(/<!|<@|<#|[\ue000-\ue004]/)
        }
      }),
      { numRuns: 80 },
    )
  })
})
