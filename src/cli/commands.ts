import { createAlertsVerb } from './alerts.ts'
import { createBackupVerb } from './backup.ts'
import { createCheckVerb } from './check.ts'
import { createDeadVerb } from './dead.ts'
import type { CliDeps } from './deps.ts'
import { createEraseVerb } from './erase.ts'
import { createDoctorVerb } from './doctor.ts'
import { createExplainVerb } from './explain.ts'
import { createForgetVerb } from './forget.ts'
import { createInitVerb } from './init.ts'
import { createInspectVerb } from './inspect.ts'
import { createPauseVerb, createResumeVerb } from './pause.ts'
import { createQuarantineVerb } from './quarantine.ts'
import { createRebuildVerb } from './rebuild.ts'
import { createReconcileVerb } from './reconcile.ts'
import { createReplayVerb } from './replay.ts'
import { createSchemaVerb } from './schema.ts'
import { createSeedVerb } from './seed.ts'
import { createSimulateVerb } from './simulate.ts'
import { createSkipVerb } from './skip.ts'
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
    createDoctorVerb(deps),
    createInspectVerb(deps),
    createDeadVerb(deps),
    createQuarantineVerb(deps),
    createPauseVerb(deps),
    createResumeVerb(deps),
    createSkipVerb(deps),
    createReplayVerb(deps),
    createReconcileVerb(deps),
    createSeedVerb(deps),
    createForgetVerb(deps),
    createEraseVerb(deps),
    createAlertsVerb(deps),
    createBackupVerb(deps),
    createRebuildVerb(deps),
    createTortureVerb(deps),
    createSchemaVerb(deps),
  ]
}
