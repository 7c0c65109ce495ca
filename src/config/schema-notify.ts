import { z } from 'zod'

const channels = (what: string): z.ZodOptional<z.ZodArray<z.ZodString>> =>
  z.array(z.string()).optional().describe(`Channels told ${what}.`)

/** Which alerts about a destination go to which channels. */
export const notifySchema = z
  .strictObject({
    dead: channels('of dead letters'),
    paused: channels('when it is paused or does not run, and when it goes on'),
    degraded: channels('when it fails again and again'),
    late: channels('when its jobs wait too long'),
  })
  .describe('Channels (names under alerts.channels) that are told of it. What is left out goes to all, [] to none.')
