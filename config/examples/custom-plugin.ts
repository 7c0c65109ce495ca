/** A plugin in one file. It is handed all it needs, so it works in any folder, with nothing installed beside it. */
export default ({ definePlugin, outcomeOf, perJob, secret, template, z }: typeof import('../../src/plugin.ts')) =>
  definePlugin({
    name: 'guestbook',
    description: 'Writes a line into a guestbook.',
    options: z.strictObject({
      url: z.url().describe('Where entries are posted.'),
      token: secret().describe('Token of the guestbook.'),
      line: template().describe('The entry.'),
    }),
    create: (options, { http }) => ({
      send: (jobs, { signal }) =>
        perJob(jobs, async (job) => {
          const response = await http.request({
            method: 'POST',
            url: options.url,
            headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ id: job.id, line: options.line.render(job) }),
            signal,
          })
          return outcomeOf(response)
        }),
    }),
  })
