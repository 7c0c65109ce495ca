import { didYouMean } from '../core/suggest.ts'
import type { Located } from './located.ts'
import { childOf, isBroken } from './located.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'

/** Channels that destinations name and that are not there. */
export function checkNotify(tree: Located): Problem[] {
  const channels = childOf(childOf(tree, 'alerts'), 'channels')
  const known = channels?.kind === 'map' ? [...channels.entries.keys()] : []
  const destinations = childOf(tree, 'destinations')
  const problems: Problem[] = []
  for (const [name, { node }] of destinations?.kind === 'map' ? destinations.entries : []) {
    const notify = childOf(node, 'notify')
    for (const [key, { node: list }] of notify?.kind === 'map' ? notify.entries : []) {
      for (const [index, item] of list.kind === 'list' ? list.items.entries() : []) {
        const path = ['destinations', name, 'notify', key, index]
        if (item.kind !== 'scalar' || isBroken(tree, path)) continue
        const word = String(item.text ?? item.value)
        if (known.includes(word)) continue
        problems.push(problemAt(item.at, path, `there is no channel "${word}"${didYouMean(word, known)}`))
      }
    }
  }
  return problems
}
