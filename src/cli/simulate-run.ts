import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Change, Player } from '../core/bevy/play.ts'
import { createPlayer } from '../core/bevy/player.ts'
import { inventChanges } from '../core/bevy/script.ts'
import type { Answer, DelayLaw, Reading } from '../core/bevy/sending.ts'
import { coerceError } from '../core/errors.ts'
import type { CliDeps } from './deps.ts'
import { readBody } from './read-body.ts'
import type { SimulateReport } from './format-simulate.ts'
import { createPoster } from './post.ts'
import { runPlayer } from './run-player.ts'
import type { Target } from './target.ts'
import { formatAge } from './text.ts'
import { usageError } from './verb.ts'

/** What is played. */
export interface SimulateOptions {
  readonly type: string
  readonly count: number
  readonly changes: number
  readonly bulk: boolean
  /** A file, or a folder of .json files, to send as they are. */
  readonly file: string | undefined
  /** POSTs a second; undefined: no limit. */
  readonly rate: number | undefined
  readonly concurrency: number
  readonly seed: number
  readonly reading: Reading
  readonly delays: DelayLaw
  readonly speed: number
  readonly once: boolean
  readonly gzip: boolean
}

/** Waits shorter than this are not worth a line. */
const LONG_WAIT = 5_000

/** Plays Bevy against a target to the end, or until the signal. */
export async function playBevy(deps: CliDeps, target: Target, options: SimulateOptions): Promise<SimulateReport> {
  const { clock } = deps
  const files = options.file === undefined ? undefined : await readBodies(resolve(deps.cwd, options.file))
  const changes =
    files === undefined ? inventChanges({ ...options, start: clock.now() }) : files.map(({ change }) => change)
  const bodies = new Map(files?.map(({ change, body }) => [change.key, body]))
  const started = clock.monotonic()
  const player = createPlayer({
    ...options,
    changes,
    // A file is a POST of its own.
    bulk: options.bulk && files === undefined,
    start: started,
    interval: options.rate === undefined ? 0 : 1000 / options.rate,
    maxAttempts: options.once ? 1 : Infinity,
  })
  const answers = new Map<string, number>()
  const times: number[] = []
  let bytes = 0
  let last = ''
  if (target.secret === undefined) deps.stderr.write('no secret is known: sending without one\n')
  const poster = createPoster({ ...target, gzip: options.gzip, concurrency: options.concurrency })
  const encoder = new TextEncoder()
  try {
    await runPlayer({
      player,
      poster,
      clock,
      signal: deps.signal,
      bodyOf: ({ keys: [key = ''], body }) => bodies.get(key) ?? encoder.encode(body),
      onAnswer(answer, ms, size) {
        const label = labelOf(answer)
        last = label
        answers.set(label, (answers.get(label) ?? 0) + 1)
        times.push(ms)
        bytes += size
      },
      onWait(ms) {
        if (ms < LONG_WAIT) return
        const hint = options.speed === 1 ? ' (--speed makes it shorter)' : ''
        deps.stderr.write(`${player.counts().pending} pending, last: ${last}; next in ${formatAge(ms)}${hint}\n`)
      },
    })
  } finally {
    poster.close()
  }
  const { posts, retries } = player.counts()
  times.sort((a, b) => a - b)
  const at = (share: number) =>
    Math.round((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) * 10) / 10
  return {
    target: target.url.href,
    ...(files === undefined && { seed: options.seed }),
    posts,
    retries,
    bytes,
    duration: Math.round(clock.monotonic() - started),
    answers: Object.fromEntries([...answers].sort(([a], [b]) => a.localeCompare(b))),
    latency: { p50: at(0.5), p99: at(0.99), max: at(1) },
    ...fates(changes, player),
  }
}

/** What the script still held when the run was ended counts as pending. */
function fates(
  changes: readonly Change[],
  player: Player,
): Pick<SimulateReport, 'acknowledged' | 'givenUp' | 'pending'> {
  const newest = new Map(changes.map(({ key, data }) => [key, data]))
  const taken = player.acknowledged()
  const seen = player.finalState()
  const acknowledged = [...newest].filter(([key, data]) => taken.get(key) === data).length
  const givenUp = player.givenUp().filter((key) => seen.get(key) === newest.get(key)).length
  return { acknowledged, givenUp, pending: newest.size - acknowledged - givenUp }
}

function labelOf(answer: Answer): string {
  return 'status' in answer ? String(answer.status) : `no answer (${answer.failed})`
}

async function readBodies(path: string): Promise<{ readonly change: Change; readonly body: Uint8Array }[]> {
  const folder = await stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw usageError(`cannot read ${path}: ${coerceError(error).message}`, { cause: error })
    },
  )
  const names = folder ? (await readdir(path)).filter((name) => name.endsWith('.json')).sort() : []
  if (folder && names.length === 0) throw usageError(`there is no .json file in ${path}`)
  const files = folder ? names.map((name) => join(path, name)) : [path]
  return Promise.all(
    files.map(async (file) => ({
      change: { at: 0, type: 'file', key: `file:${file}`, data: {} },
      body: await readBody(file),
    })),
  )
}
