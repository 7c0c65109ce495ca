import { z } from 'zod'
import { positive } from './schema-account.ts'

/** When a destination counts as degraded and as down, and how one that is down is tried. */
export const healthSchema = z
  .strictObject({
    degradedAfter: z.int().min(1).prefault(5).describe('Failed attempts in a row that make it degraded. Default 5.'),
    pauseAfter: z.int().min(1).prefault(20).describe('Failed attempts in a row that pause it. Default 20.'),
    span: positive()
      .prefault('15m')
      .describe(
        'A degraded one is paused when nothing has succeeded for so long though several records wait. Default 15m.',
      ),
    probe: z
      .strictObject({
        delay: positive().prefault('30s').describe('Time from the pause to the first probe. Default 30s.'),
        maxDelay: positive().prefault('15m').describe('Longest time between two probes. Default 15m.'),
      })
      .prefault({})
      .describe('A paused destination is tried with one batch; the time between doubles with each that fails.'),
  })
  .prefault({})
  .describe(
    'When it counts as degraded, and when as down and is paused. Nothing is given up while it is paused; it resumes by itself.',
  )
