import { afterEach, describe, expect, it } from 'vitest'
import { createPace } from '../../src/http/pace.ts'
import type { Job } from '../../src/plugin.ts'
import { makeJob } from '../../src/testing.ts'
import { attendeeJob, eventJob, openBench, refOf, type SlackBench } from './bench.fake.ts'

const open: SlackBench[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
})
async function bench(...given: Parameters<typeof openBench>): Promise<SlackBench> {
  const made = await openBench(...given)
  open.push(made)
  return made
}

const MEETUP = '<https://community.example.com/events/details/spring-meetup/|Spring Meetup>'
const person = (id: number, data: object = {}, more: object = {}): Job =>
  attendeeJob({ id, first_name: `P${id}`, last_name: '', ...data }, { n: id, ...more })
const texts = ({ fake }: SlackBench): string[] => fake.messages.map(({ text }) => text)

describe('an attendee', () => {
  it('replies in the thread of the announcement, where it is in the same channel', async () => {
    const made = await bench()
    const [outcome] = await made.send(eventJob())
    const event = refOf(outcome)
    await made.send(person(1, {}, { refs: { event } }))
    await made.send(person(2))
    await made.send(person(3, {}, { refs: { event: { ...(event as object), channel: 'C0OTHER' } } }))
    const [announcement] = made.fake.messages
    expect(made.fake.messages.map(({ thread }) => thread)).toEqual([undefined, announcement?.ts, undefined, undefined])
    expect(texts(made)[1]).toBe(`P1 registered for *${MEETUP}* (General Admission)`)
    const apart = await bench({ threads: false })
    await apart.send(person(1, {}, { refs: { event } }))
    expect(apart.fake.messages[0]?.thread).toBeUndefined()
  })

  it('is told in the channel when the announcement is no more', async () => {
    const made = await bench()
    const event = refOf((await made.send(eventJob()))[0])
    made.fake.messages.length = 0
    expect(await made.send(person(1, {}, { refs: { event } }))).toMatchObject([{ state: 'delivered' }])
    expect(made.fake.calls.slice(1)).toEqual(['chat.postMessage thread_not_found', 'chat.postMessage ok'])
    expect(made.fake.messages).toMatchObject([{ channel: 'C0EVENTS' }])
  })

  it('named <!channel> calls nobody, by either way', async () => {
    for (const way of ['token', 'webhook'] as const) {
      const made = await bench({}, { way })
      await made.send(person(1, { first_name: '<!channel>', last_name: '<https://evil.example|login>' }))
      await made.send(person(1, { first_name: '<!here>' }), person(2, { first_name: '<@U1>' }))
      expect(made.fake.pings).toEqual([])
      expect(made.fake.messages.length).toBe(2)
      expect(texts(made)[0]).toContain('&lt;!channel&gt; &lt;https://evil.example|login&gt; registered')
    }
  })

  it('is not told twice, canceled and registered again is', async () => {
    const made = await bench()
    const ref = refOf((await made.send(person(1)))[0])
    expect(await made.send(person(1, { ticket_note: 'x' }, { ref }))).toMatchObject([{ state: 'skip' }])
    expect(await made.send(person(1, { status: 'checked-in' }, { ref }))).toMatchObject([
      { state: 'skip', reason: 'messages: attendee.checked_in is off' },
    ])
    const canceled = refOf((await made.send(person(1, { status: 'deleted' }, { ref })))[0])
    await made.send(person(1, {}, { ref: canceled }))
    expect(texts(made).map((text) => text.split(' ')[1])).toEqual(['registered', 'canceled:', 'registered'])
  })

  it('who asked to be forgotten is taken out of the message', async () => {
    const made = await bench()
    const ref = refOf((await made.send(person(1)))[0])
    const [outcome] = await made.send(person(1, { email: 'deleted+9@bevylabs.com', first_name: 'Deleted' }, { ref }))
    expect(outcome?.state).toBe('delivered')
    expect(JSON.stringify(made.fake.messages)).not.toContain('P1')
    expect(texts(made)).toEqual(['This message has been withdrawn.'])
  })

  it('gone from its route is withdrawn, or canceled in place', async () => {
    const made = await bench()
    const [one, two] = [refOf((await made.send(person(1)))[0]), refOf((await made.send(person(2)))[0])]
    await made.send(person(1, {}, { ref: one, left: true }))
    await made.send(person(2, { status: 'deleted' }, { ref: two, left: true }))
    expect(texts(made)).toEqual(['This message has been withdrawn.', `P2 canceled: *${MEETUP}*`])
  })
})

describe('messages of the config', () => {
  it('replace the built-in ones, switch them off, or on', async () => {
    const made = await bench({
      messages: {
        'attendee.registered': 'Hi {{ record.first_name }}!',
        'attendee.canceled': false,
        'attendee.checked_in': true,
        'event.published': {
          text: '{{ event.title }}',
          blocks: [
            { type: 'section', text: { type: 'mrkdwn', text: '*{{ event.title }}*' } },
            {
              type: 'actions',
              elements: [{ type: 'button', text: { type: 'plain_text', text: 'Join' }, url: '{{ event.url }}' }],
            },
          ],
        },
      },
    })
    await made.send(person(1, { first_name: 'A & <B>' }))
    expect(await made.send(person(2, { status: 'deleted' }, { before: {} }))).toMatchObject([{ state: 'skip' }])
    await made.send(person(3, { status: 'checked-in' }))
    await made.send(eventJob())
    expect(texts(made)).toEqual(['Hi A &amp; &lt;B&gt;!', `P3 is here: *${MEETUP}*`, 'Spring Meetup'])
    expect(made.fake.messages[0]?.blocks).toEqual([])
    expect(made.fake.messages[2]?.blocks).toMatchObject([
      { type: 'section' },
      { elements: [{ url: 'https://community.example.com/events/details/spring-meetup/' }] },
    ])
  })

  it('a message that is empty for a record is not sent, one that cannot be made refuses it', async () => {
    const made = await bench({
      messages: {
        'attendee.registered': '{% if record.ticket_title == "VIP" %}VIP: {{ record.first_name }}{% endif %}',
        'event.published': '{% for i in (1..100000000) %}{{ event.title }}{% endfor %}',
      },
      channel: { path: 'record.channel', default: 'C0EVENTS' },
    })
    const outcomes = await made.send(person(1), person(2, { ticket_title: 'VIP' }), eventJob())
    expect(outcomes.map(({ state }) => state)).toEqual(['skip', 'delivered', 'reject'])
    expect(texts(made)).toEqual(['VIP: P2'])
  })

  it('name and icon go along when they are asked for', async () => {
    const made = await bench({ username: 'Bevy', icon: ':tada:' })
    await expect(made.send(eventJob())).rejects.toMatchObject({
      message: expect.stringContaining('chat:write.customize') as string,
    })
    made.fake.scopes.push('chat:write.customize')
    await made.send(eventJob())
    expect(made.fake.messages).toMatchObject([{ username: 'Bevy', icon: ':tada:' }])
  })
})

describe('digests', () => {
  it('5,000 people of a schedule are one message, and each keeps that it was told', async () => {
    const made = await bench({ channel: { path: 'chapter.id', map: { 77: 'C0EVENTS' } } })
    const jobs = Array.from({ length: 5000 }, (_, index) => person(index + 1, {}, { group: '77' }))
    const outcomes = await made.send(...jobs)
    expect(new Set(outcomes.map(({ state }) => state))).toEqual(new Set(['delivered']))
    expect(texts(made)).toEqual([`5000 people registered for ${MEETUP}`])
    const { blocks } = made.fake.messages[0] ?? {}
    expect(blocks).toMatchObject([
      {
        text: {
          text: expect.stringMatching(
            /^\*5000 people registered for <.*>\*\nP1, P2, .*, P30, and 4970 more$/,
          ) as string,
        },
      },
    ])
    const ref = refOf(outcomes[4999])
    expect(ref).toEqual({ kind: 'attendee.registered', said: ['attendee.registered'] })
    expect(await made.send(person(5000, {}, { ref, group: '77' }))).toMatchObject([{ state: 'skip' }])
  }, 20_000)

  it('of a schedule have one message for each channel, with a part for each kind and event', async () => {
    const made = await bench({
      channel: { path: 'record.channel', default: 'C0EVENTS' },
      messages: { 'attendee.checked_in': true },
    })
    made.fake.channels.set('C0OTHER', {})
    const jobs = [
      person(1, {}, { group: '' }),
      person(2, { status: 'checked-in' }, { group: '' }),
      person(3, { channel: 'C0OTHER' }, { group: '' }),
      person(4, {}, { group: '', event: { id: 2, title: 'Other <event>' } }),
      eventJob({}, { group: '' }),
      makeJob({ type: 'chaptermember', data: { id: 9, user_id: 101, chapter_id: 77 }, group: '' }),
    ]
    const outcomes = await made.send(...jobs)
    expect(outcomes.map(({ state }) => state)).toEqual(jobs.map(() => 'delivered'))
    expect(made.fake.messages).toMatchObject([
      {
        channel: 'C0EVENTS',
        text: [
          '1 new event',
          `1 person registered for ${MEETUP}`,
          '1 person registered for Other &lt;event&gt;',
          `1 person was checked in at ${MEETUP}`,
          '1 person joined Central',
        ].join('\n'),
      },
      { channel: 'C0OTHER', text: `1 person registered for ${MEETUP}` },
    ])
    expect(JSON.stringify(made.fake.messages[0]?.blocks)).toContain('Spring Meetup>*, Fri 20 Mar, 18:00 (Central)')
    // An event in a digest has no message of its own: it is not changed, its attendees have no thread.
    const event = refOf(outcomes[4])
    await made.send(person(7, {}, { refs: { event } }))
    expect(made.fake.messages.at(-1)?.thread).toBeUndefined()
    expect(await made.send(eventJob({ title: 'x' }, { ref: event, group: '' }))).toMatchObject([{ state: 'skip' }])
  })

  it('of a burst are for people only, in their thread; events have messages of their own', async () => {
    const made = await bench()
    const event = refOf((await made.send(eventJob()))[0])
    await made.send(
      person(1, {}, { refs: { event } }),
      person(2, {}, { refs: { event } }),
      person(3),
      eventJob({ id: 2 }),
    )
    const [announcement] = made.fake.messages
    expect(made.fake.messages.slice(1).map(({ text, thread }) => [text.split(' for')[0], thread])).toEqual([
      [expect.stringContaining('New event'), undefined],
      ['2 people registered', announcement?.ts],
      ['P3 registered', undefined],
    ])
  })

  it('may be written in the config, or switched off', async () => {
    const made = await bench({
      messages: {
        digest:
          '{{ record.count }} new in {{ chapter.title }}: {{ record.names }}{% for g in record.groups %} [{{ g.kind }} {{ g.count }} {{ g.title }}]{% endfor %}',
      },
    })
    await made.send(person(1, {}, { group: 'a' }), person(2, { first_name: '<!here>' }, { group: 'a' }))
    expect(texts(made)).toEqual(['2 new in Central: P1, &lt;!here&gt; [attendee.registered 2 Spring Meetup]'])
    const off = await bench({ messages: { digest: false } })
    await off.send(person(1, {}, { group: 'a' }), person(2, {}, { group: 'a' }))
    expect(off.fake.messages.length).toBe(2)
  })

  it('that failed are repeated whole', async () => {
    const made = await bench()
    made.fake.script.push({ error: 'service_unavailable' })
    const jobs = [1, 2, 3].map((id) => person(id, {}, { group: '' }))
    expect((await made.send(...jobs)).map(({ state }) => state)).toEqual(['retry', 'retry', 'retry'])
    expect((await made.send(...jobs)).map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered'])
    expect(texts(made)).toEqual([`3 people registered for ${MEETUP}`])
  })
})

describe('pace, check and preview', () => {
  it('keeps to one message a second in a channel', async () => {
    const limits = { rate: undefined, bucketRate: { limit: 1, per: 1100 } }
    const made = await bench({ messages: { digest: false } }, { pace: (clock) => createPace(limits, clock) })
    made.fake.clock = made.clock.now
    const began = made.clock.now()
    const sending = made.send(person(1), person(2), person(3))
    let isDone = false
    void sending.finally(() => (isDone = true))
    while (!isDone) await made.clock.advance(100)
    expect((await sending).map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered'])
    expect(made.fake.calls).toEqual(['chat.postMessage ok', 'chat.postMessage ok', 'chat.postMessage ok'])
    expect(made.clock.now() - began).toBeGreaterThanOrEqual(2200)
  })

  const checked = (made: SlackBench) => made.sender.check?.(new AbortController().signal)

  it('says in one line what is missing, and posts nothing for it', async () => {
    const well = await bench()
    expect(await checked(well)).toEqual([])
    well.fake.scopes = ['channels:read']
    expect(await checked(well)).toEqual([expect.stringContaining('lacks the scope chat:write:')])
    well.fake.scopes = ['chat:write']
    expect(await checked(well)).toEqual([])
    well.fake.scopes = ['chat:write', 'channels:read']
    well.fake.channels.set('C0EVENTS', { isMember: false })
    expect(await checked(well)).toEqual([expect.stringContaining('/invite @bevy_bridge')])
    well.fake.channels.set('C0EVENTS', { isArchived: true })
    expect(await checked(well)).toEqual(['the channel C0EVENTS is archived'])
    well.fake.channels.clear()
    expect(await checked(well)).toEqual([expect.stringContaining('there is no channel C0EVENTS')])
    well.fake.tokenError = 'token_revoked'
    expect(await checked(well)).toEqual(['the token is not accepted: token_revoked'])
    const webhook = await bench({}, { way: 'webhook' })
    expect(await checked(webhook)).toEqual([])
    expect([well.fake.messages, webhook.fake.calls]).toEqual([[], []])
    const nowhere = await bench({ apiUrl: 'http://127.0.0.1:1/api' })
    expect(await checked(nowhere)).toEqual([expect.stringContaining('refused')])
  })

  it('previews requests without secrets, and what is not sent with its reason', async () => {
    const made = await bench()
    const ref = refOf((await made.send(eventJob()))[0])
    const shown = await made.sender.preview?.([
      eventJob({ status: 'Canceled' }, { ref }),
      person(1),
      makeJob({ type: 'user' }),
    ])
    expect(shown).toMatchObject([
      {
        url: `${made.fake.apiUrl}/chat.update`,
        headers: { authorization: 'Bearer [secret]' },
        body: { ts: made.fake.messages[0]?.ts },
      },
      {
        url: `${made.fake.apiUrl}/chat.postMessage`,
        body: { thread_ts: made.fake.messages[0]?.ts, reply_broadcast: true },
      },
      {
        url: `${made.fake.apiUrl}/chat.postMessage`,
        body: { channel: 'C0EVENTS', unfurl_links: false, unfurl_media: false },
      },
      { skipped: 'messages: user.updated is off' },
    ])
    expect(made.fake.calls.length).toBe(1)
  })
})
