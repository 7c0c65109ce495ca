/**
 * Stands in for a plugin that sends to a service: tells the local sink what it was given, and takes the sink's status for the service's.
 * A lone plugin as people write them: it is handed all it needs.
 */
export default ({ definePlugin, outcomeOf, template, z }: typeof import('../plugin.ts')) =>
  definePlugin({
    name: 'torture-recorder',
    description: 'Tells the sink of `torture` what it was given.',
    // What the other plugin was configured with comes along, and means nothing here.
    options: z.looseObject({
      sink: z.url().describe('Where the sink listens.'),
      reads: template().describe(
        'Reads what the templates and mappings of the other plugin read, so that jobs wait as long.',
      ),
    }),
    leaves: true,
    network: () => ({ allowPrivateNetworks: true, allowHttp: true }),
    create: ({ sink }, { http }) => ({
      async send(jobs, { signal, idempotencyKey }) {
        const response = await http.request({
          method: 'POST',
          url: sink,
          headers: { 'content-type': 'application/json', 'webhook-id': idempotencyKey },
          body: JSON.stringify(
            jobs.map(({ position, data, left, replay, redriven }) => ({
              ...position,
              mark: data['torture_mark'],
              aside: replay || redriven,
              left,
            })),
          ),
          signal,
        })
        const outcome = outcomeOf(response)
        return jobs.map(() => outcome)
      },
    }),
  })
