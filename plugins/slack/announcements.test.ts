import { afterEach, describe, expect, it } from 'vitest'
import type { Job, Json } from '../../src/plugin.ts'
import { eventJob, openBench, refOf, type SlackBench } from './bench.fake.ts'

const open: SlackBench[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
})
async function bench(...given: Parameters<typeof openBench>): Promise<SlackBench> {
  const made = await openBench(...given)
  open.push(made)
  return made
}

/** Announces the sample event and gives what the bridge would hand back. */
async function announced(made: SlackBench): Promise<Json> {
  return refOf((await made.send(eventJob()))[0])
}

/** `header: Spring Meetup` or the text of the first block, of every message: `(thread)` and `(edited)` where it is. */
function shown({ fake }: SlackBench): string[] {
  return fake.messages.map(({ text, thread, broadcast, edits }) =>
    [
      text.split('\n')[0],
      thread === undefined ? '' : broadcast === true ? ' (thread, channel)' : ' (thread)',
      edits > 0 ? ' (edited)' : '',
    ].join(''),
  )
}

const TITLE = '*<https://community.example.com/events/details/spring-meetup/|Spring Meetup>*'
const NEW = 'New event: Spring Meetup, Friday 20 March 2026, 18:00–21:00 (America/Los_Angeles)'
const later = (data: object, ref: Json, more: Partial<Job> = {}): Job =>
  eventJob(data as never, { seq: 2, ref, ...more })

describe('an announcement', () => {
  it('is posted with the times of the chapter, a link, and no preview of it', async () => {
    const made = await bench()
    const ref = await announced(made)
    expect(made.fake.messages).toMatchObject([
      {
        channel: 'C0EVENTS',
        text: NEW,
        blocks: [
          { type: 'header', text: { text: 'Spring Meetup' } },
          { type: 'section', fields: [{ text: '*When*\nFriday 20 March 2026, 18:00–21:00 (America/Los_Angeles)' }] },
          {
            type: 'context',
            elements: [
              { text: '<https://community.example.com/events/details/spring-meetup/|Details and registration>' },
              { text: 'Central' },
            ],
          },
        ],
      },
    ])
    expect(ref).toMatchObject({
      kind: 'event.published',
      channel: 'C0EVENTS',
      ts: made.fake.messages[0]?.ts,
      status: 'Published',
      start: '2026-03-20T18:00:00-07:00',
    })
  })

  it('is changed in place when the event changes, and asked for nothing when nothing shown has changed', async () => {
    const made = await bench()
    const ref = await announced(made)
    const [outcome] = await made.send(later({ title: 'Spring Party' }, ref))
    expect(shown(made)).toEqual([NEW.replace('Meetup', 'Party') + ' (edited)'])
    expect(await made.send(later({ title: 'Spring Party', total_attendees: 7 }, refOf(outcome)))).toEqual([
      { state: 'skip', reason: 'nothing that is shown has changed' },
    ])
    expect(made.fake.calls).toEqual(['chat.postMessage ok', 'chat.update ok'])
  })

  it('of an event that moved is changed, and a reply tells from when and where', async () => {
    const made = await bench()
    const ref = await announced(made)
    const moved = {
      start_date: '2026-03-21T18:00:00-07:00',
      end_date: '2026-03-21T21:00:00-07:00',
      venue_name: 'Hall <2>',
    }
    const [outcome] = await made.send(later(moved, ref))
    expect(shown(made)).toEqual([
      'New event: Spring Meetup, Saturday 21 March 2026, 18:00–21:00 (America/Los_Angeles) (edited)',
      `${TITLE} has changed. (thread, channel)`,
    ])
    expect(made.fake.messages[1]?.thread).toBe(made.fake.messages[0]?.ts)
    expect(made.fake.messages[1]?.text.split('\n').slice(1)).toEqual([
      '*New date:* Saturday 21 March 2026, 18:00–21:00 (America/Los_Angeles) (was: Friday 20 March 2026, 18:00–21:00 (America/Los_Angeles))',
      '*New place:* Hall &lt;2&gt;',
    ])
    expect(refOf(outcome)).toMatchObject({ start: moved.start_date, venue: 'Hall <2>', ts: made.fake.messages[0]?.ts })
  })

  it('of an event that was canceled says so, and a reply tells it', async () => {
    const made = await bench({ broadcast: false })
    const ref = await announced(made)
    const [outcome] = await made.send(later({ status: 'Canceled' }, ref, { left: true }))
    expect(shown(made)).toEqual([
      'Canceled: Spring Meetup (edited)',
      `${TITLE} has been canceled. It was planned for Friday 20 March 2026, 18:00–21:00 (America/Los_Angeles). (thread)`,
    ])
    expect(await made.send(later({ status: 'Canceled' }, refOf(outcome)))).toMatchObject([{ state: 'skip' }])
    // On again: a new announcement, for the old one is buried.
    await made.send(later({}, refOf(outcome)))
    expect(shown(made)[2]).toBe(NEW)
  })

  it.each([
    ['back to draft', { status: 'Draft' }, {}],
    ['hidden', { is_hidden: true }, {}],
    ['gone from its route', {}, { left: true }],
  ])('of an event that is %s becomes a neutral line, once', async (_, data, more) => {
    const made = await bench()
    const ref = await announced(made)
    const [outcome] = await made.send(later(data, ref, more))
    expect(shown(made)).toEqual(['This message has been withdrawn. (edited)'])
    expect(JSON.stringify(made.fake.messages)).not.toContain('Spring')
    expect(await made.send(later({ ...data, title: 'x' }, refOf(outcome), more))).toMatchObject([{ state: 'skip' }])
    // Published again: announced again.
    await made.send(later({}, refOf(outcome)))
    expect(shown(made)).toEqual(['This message has been withdrawn. (edited)', NEW])
  })

  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed'])(
    'is posted afresh after %s',
    async (code) => {
      const made = await bench()
      const ref = await announced(made)
      const [first] = made.fake.messages
      if (code === 'message_not_found') made.fake.messages.length = 0
      else made.fake.frozen.set(first?.ts ?? '', code)
      const [outcome] = await made.send(later({ start_date: '2026-03-20T19:00:00-07:00' }, ref))
      // The fresh one tells the new date itself; it needs no reply.
      expect(made.fake.calls).toEqual(['chat.postMessage ok', `chat.update ${code}`, 'chat.postMessage ok'])
      expect(shown(made).at(-1)).toBe(
        'New event: Spring Meetup, Friday 20 March 2026, 19:00–21:00 (America/Los_Angeles)',
      )
      expect(refOf(outcome)).toMatchObject({ ts: made.fake.messages.at(-1)?.ts })
    },
  )

  it('that nobody can withdraw any more is let be', async () => {
    const made = await bench()
    const ref = await announced(made)
    made.fake.messages.length = 0
    expect(refOf((await made.send(later({ status: 'Draft' }, ref)))[0])).toMatchObject({ gone: true })
    expect(made.fake.messages).toEqual([])
  })

  it('stays in its channel when the record leads to another by now', async () => {
    const made = await bench({ channel: 'chapter.channel' })
    made.fake.channels.set('C0OTHER', {})
    const at = (channel: string, more: object = {}) => ({ chapter: { id: 77, title: 'Central', channel }, ...more })
    const [outcome] = await made.send(eventJob({}, at('C0EVENTS')))
    await made.send(later({ title: 'Spring Party' }, refOf(outcome), at('C0OTHER')))
    expect(made.fake.messages.map(({ channel, edits }) => [channel, edits])).toEqual([['C0EVENTS', 1]])
  })
})

describe('when a call fails', () => {
  it('the update is repeated and the reply is told once, when the reply was limited', async () => {
    const made = await bench()
    const ref = await announced(made)
    made.fake.script.push('go on', { error: 'ratelimited', status: 429, retryAfter: 7 })
    const job = later({ status: 'Canceled' }, ref)
    expect(await made.send(job)).toMatchObject([{ state: 'retry', after: 7000, scope: 'bucket' }])
    expect(await made.send({ ...job, attempt: 2 })).toMatchObject([{ state: 'delivered' }])
    expect(made.fake.messages.map(({ edits, thread }) => [edits, thread !== undefined])).toEqual([
      [2, false],
      [0, true],
    ])
  })

  it('an answer lost after posting is unknown, and repeated: the message is there twice', async () => {
    const made = await bench()
    made.fake.script.push('lost')
    expect(await made.send(eventJob())).toMatchObject([{ state: 'unknown' }])
    expect(await made.send(eventJob({}, { attempt: 2 }))).toMatchObject([{ state: 'delivered' }])
    expect(shown(made)).toEqual([NEW, NEW])
  })

  it('an answer lost after an update leaves one message, as it should be', async () => {
    const made = await bench()
    const ref = await announced(made)
    made.fake.script.push('lost')
    const job = later({ title: 'Spring Party' }, ref)
    expect((await made.send(job))[0]?.state).toBe('unknown')
    expect(await made.send({ ...job, attempt: 2 })).toMatchObject([{ state: 'delivered' }])
    expect(shown(made)).toEqual([NEW.replace('Meetup', 'Party') + ' (edited)'])
  })

  it('a 500 after posting is unknown, a dropped connection is no post', async () => {
    const made = await bench()
    made.fake.script.push({ doneBut: 500 }, 'drop')
    expect(await made.send(eventJob())).toMatchObject([{ state: 'unknown' }])
    expect((await made.send(eventJob()))[0]?.state).toMatch(/retry|unknown/)
    expect(shown(made)).toEqual([NEW])
  })

  it('a slow answer ends with the request, and is unknown', async () => {
    const made = await bench()
    made.fake.script.push('hang')
    const sending = made.send(eventJob())
    while (!made.fake.calls.includes('chat.postMessage hang')) await made.clock.advance(0)
    await made.clock.advance(15_000)
    expect(await sending).toMatchObject([{ state: 'unknown' }])
    expect(made.fake.messages).toEqual([])
  })

  it.each(['token_expired', 'token_revoked', 'account_inactive'])(
    '%s pauses the destination; after it all is as it was',
    async (code) => {
      const made = await bench()
      made.fake.tokenError = code
      const jobs = [eventJob({ id: 1 }, { n: 1 }), eventJob({ id: 2 }, { n: 2 })]
      await expect(made.send(...jobs)).rejects.toMatchObject({ kind: 'destination', code: 'ERR_DESTINATION_AUTH' })
      expect(made.fake.calls).toEqual([`chat.postMessage ${code}`])
      made.fake.tokenError = undefined
      expect((await made.send(...jobs)).map(({ state }) => state)).toEqual(['delivered', 'delivered'])
      expect(shown(made)).toEqual([NEW, NEW])
    },
  )

  it('a token that expires in the middle keeps what was posted', async () => {
    const made = await bench()
    made.fake.script.push('go on', { error: 'token_expired' })
    const outcomes = await made.send(...[1, 2, 3].map((id) => eventJob({ id }, { n: id })))
    expect(outcomes.map(({ state }) => state)).toEqual(['delivered', 'retry', 'retry'])
    expect(made.fake.messages.length).toBe(1)
  })

  it('one poisoned record is refused alone', async () => {
    const made = await bench()
    made.fake.script.push('go on', {
      error: 'invalid_blocks',
      more: { response_metadata: { messages: ['[ERROR] invalid [json-pointer:/blocks/0]'] } },
    })
    const outcomes = await made.send(...[1, 2, 3].map((id) => eventJob({ id }, { n: id })))
    expect(outcomes).toMatchObject([
      { state: 'delivered' },
      { state: 'reject', reason: expect.stringContaining('/blocks/0') as string },
      { state: 'delivered' },
    ])
    expect(made.fake.messages.length).toBe(2)
  })

  it('in a storm of limits nobody is asked again for a channel that said no', async () => {
    const made = await bench({ channel: 'record.channel' })
    made.fake.channels.set('C0OTHER', {})
    made.fake.script.push({ error: 'ratelimited', status: 429, retryAfter: 30 })
    const jobs = ['C0EVENTS', 'C0EVENTS', 'C0OTHER', 'C0EVENTS'].map((channel, id) =>
      eventJob({ id, channel }, { n: id + 1 }),
    )
    const outcomes = await made.send(...jobs)
    expect(outcomes).toMatchObject([
      { state: 'retry', after: 30_000, scope: 'bucket' },
      { state: 'retry', after: 30_000, scope: 'bucket' },
      { state: 'delivered' },
      { state: 'retry', after: 30_000, scope: 'bucket' },
    ])
    expect(made.fake.calls).toEqual(['chat.postMessage 429 ratelimited', 'chat.postMessage ok'])
    expect(jobs.map((job) => made.sender.bucket?.(job))).toEqual(['C0EVENTS', 'C0EVENTS', 'C0OTHER', 'C0EVENTS'])
  })

  it('a wrong channel: of one record refuses it, of all pauses', async () => {
    const mapped = await bench({ channel: 'record.channel' })
    const outcomes = await mapped.send(
      eventJob({ id: 1, channel: 'C0WRONG' }, { n: 1 }),
      eventJob({ id: 2, channel: 'C0EVENTS' }, { n: 2 }),
      eventJob({ id: 3 }, { n: 3 }),
    )
    expect(outcomes).toMatchObject([
      { state: 'reject', reason: expect.stringContaining('channel_not_found') as string },
      { state: 'delivered' },
      { state: 'skip', reason: 'there is no channel for it' },
    ])
    const fixed = await bench({ channel: 'C0WRONG' })
    await expect(fixed.send(eventJob())).rejects.toMatchObject({ code: 'ERR_DESTINATION_NOT_FOUND' })
  })

  it('no more than 20 messages go out in one go', async () => {
    const made = await bench()
    const jobs = Array.from({ length: 25 }, (_, index) => eventJob({ id: index }, { n: index + 1 }))
    const outcomes = await made.send(...jobs)
    expect(Object.groupBy(outcomes, ({ state }) => state).retry?.length).toBe(5)
    expect(made.fake.messages.length).toBe(20)
  })
})

describe('by a webhook', () => {
  it('posts, moves and cancellations are messages of their own; nothing else is', async () => {
    const made = await bench({}, { way: 'webhook' })
    const ref = await announced(made)
    expect(ref).not.toHaveProperty('ts')
    expect(await made.send(later({ title: 'Spring Party' }, ref))).toEqual([
      { state: 'skip', reason: 'messages: event.changed is off' },
    ])
    const [moved] = await made.send(later({ start_date: '2026-03-20T19:00:00-07:00' }, ref))
    expect(await made.send(later({ status: 'Draft' }, refOf(moved)))).toMatchObject([{ state: 'skip' }])
    await made.send(later({ status: 'Canceled' }, refOf(moved)))
    expect(shown(made)).toEqual([NEW, `${TITLE} has changed.`, expect.stringMatching(/has been canceled/)])
    expect(made.fake.calls).toEqual(['webhook ok', 'webhook ok', 'webhook ok'])
  })

  it.each([
    [{ error: 'no_service', status: 404 }, 'ERR_DESTINATION_GONE'],
    [{ error: 'channel_is_archived', status: 410 }, 'ERR_DESTINATION_NOT_FOUND'],
    [{ status: 302, headers: { location: 'https://api.slack.com/' } }, 'ERR_DESTINATION_REDIRECT'],
  ])('%j pauses the destination', async (answer, code) => {
    const made = await bench({}, { way: 'webhook' })
    made.fake.script.push(answer)
    await expect(made.send(eventJob())).rejects.toMatchObject({ kind: 'destination', code })
    expect(made.fake.messages).toEqual([])
  })
})
