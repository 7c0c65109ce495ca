/** The questions people ask of a bridge, answered from its parts: by a running process, or from its store. */

import type { BridgeQueries } from '../core/dispatch/reports.ts'
import type { QueryDeps } from './deps.ts'
import { explain } from './explain.ts'
import { inspect } from './inspect.ts'
import { status } from './status.ts'

/** Makes the answers. */
export function createQueries(deps: QueryDeps): BridgeQueries {
  return {
    status: () => status(deps),
    inspect: (query) => inspect(query, deps),
    explain: (input) => explain(input, deps),
  }
}
