import { z } from 'zod'

/** What is done to forget people. */
export const erasureSchema = z
  .strictObject({
    onBevyDeletion: z
      .boolean()
      .prefault(false)
      .describe(
        'Erase a person here too when Bevy has deleted them (their address becomes deleted+…@bevylabs.com), as `bevy-bridge erase` does. Default false.',
      ),
    exports: z
      .boolean()
      .prefault(false)
      .describe(
        'Take the rows of an erased person out of the CSV logs too, which rewrites those files; `erase --exports` does it once. Tables lose the row anyway. Default false.',
      ),
  })
  .prefault({})
  .describe('What is done when a person is to be forgotten.')
