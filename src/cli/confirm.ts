import type { CliDeps, ExitCode } from './deps.ts'

/** Option of verbs that give something up. */
export const YES_ARG = {
  yes: { type: 'boolean', description: 'Do it. Without it, only what would be given up is shown.' },
} as const

/** Says that nothing was done; ends with 1, so that a script notices. */
export function refuseWithoutYes(deps: CliDeps): ExitCode {
  deps.stderr.write('nothing was changed; --yes does it\n')
  return 1
}
