import { nodeAt, placeAt, textAt } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'

/** State belongs to one name: `was` must name one that is gone, and only once. */
export function checkTakeovers(tree: Located): Problem[] {
  const section = nodeAt(tree, ['destinations'])
  if (section?.kind !== 'map') return []
  const problems: Problem[] = []
  const taken = new Map<string, string>()
  for (const [name, { node }] of section.entries) {
    const was = textAt(node, 'was')
    if (was === undefined) continue
    const path = ['destinations', name, 'was']
    const at = placeAt(tree, path)
    const other = taken.get(was)
    if (was === name) problems.push(problemAt(at, path, 'is the name it has now'))
    else if (section.entries.has(was)) problems.push(problemAt(at, path, `"${was}" is still a destination of its own`))
    else if (other !== undefined)
      problems.push(problemAt(at, path, `"${other}" takes over the state of "${was}" already`))
    else taken.set(was, name)
  }
  return problems
}
