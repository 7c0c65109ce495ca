import { createCheckVerb } from './check.ts'
import type { CliDeps } from './deps.ts'
import { createExplainVerb } from './explain.ts'
import { createInitVerb } from './init.ts'
import { createInspectVerb } from './inspect.ts'
import { createRebuildVerb } from './rebuild.ts'
import { createSchemaVerb } from './schema.ts'
import { createSimulateVerb } from './simulate.ts'
import { createStartVerb } from './start.ts'
import { createStatusVerb } from './status.ts'
import { createTortureVerb } from './torture.ts'
import { createTryVerb } from './try.ts'
import type { Verb } from './verb.ts'

/** All verbs, in the order of the help page: from the first day to daily use. */
export function createVerbs(deps: CliDeps): Verb[] {
  return [
    createStartVerb(deps),
    createInitVerb(deps),
    createCheckVerb(deps),
    createExplainVerb(deps),
    createTryVerb(deps),
    createSimulateVerb(deps),
    createStatusVerb(deps),
    createInspectVerb(deps),
    createRebuildVerb(deps),
    createTortureVerb(deps),
    createSchemaVerb(deps),
  ]
}
