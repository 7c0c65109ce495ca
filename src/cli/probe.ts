/** `doctor --probe`: leads a person through it. */

import type { ProbePlan, ProbeReport } from '../core/bevy/probe.ts'
import type { BridgeAccess } from '../core/dispatch/actions.ts'
import { pause } from '../core/pause.ts'
import type { CliDeps, ExitCode } from './deps.ts'
import { formatRule, probeLine } from './format-doctor.ts'

/** Milliseconds between two looks. */
const LOOK = 500

const INTRO = `This finds out what your Bevy takes for an acknowledgment, and when it tries again. You change one record in a test
instance of Bevy. The bridge stores each of its deliveries, but closes the first connection, answers 503 to the next and
204 to the third, and watches which come again. All other deliveries are answered as always. It takes up to two hours,
and ends by itself; Ctrl-C, or bevy-bridge doctor --end-probe, ends it at once. A bridge that is restarted has no probe on.
`
const AGAIN = `When Bevy tries again is not sure yet. For that the bridge closes three connections in a row: up to two hours more.
`

/** Asks, begins, tells what happens, and ends with 0 when something was found out. */
export async function runProbe(bridge: BridgeAccess, speed: number, deps: CliDeps): Promise<ExitCode> {
  const say = (text: string): unknown => deps.stdout.write(text)
  say(INTRO)
  if (!(await agrees('Is this bridge fed by a test instance? (yes/no) ', deps))) {
    say('nothing was changed\n')
    return 1
  }
  const first = await round('answers', bridge, speed, deps)
  if (first === undefined) return 1
  let delays = first.rule.delays
  if (delays.state === 'open' && first.end !== 'nothing') {
    say(AGAIN)
    if (await agrees('Go on? (yes/no) ', deps)) {
      const second = await round('delays', bridge, speed, deps)
      if (second !== undefined) delays = second.rule.delays
    }
  }
  say(`What this Bevy seems to do:\n${formatRule({ ...first.rule, delays }).join('\n')}\n`)
  if (speed === 1) say('bevy-bridge doctor shows it from now on, and goes on watching\n')
  return first.rule.reading.state === 'open' && delays.state === 'open' ? 1 : 0
}

async function agrees(question: string, deps: CliDeps): Promise<boolean> {
  return /^y(?:es)?$/i.test((await deps.ask(question))?.trim() ?? '')
}

/** One plan to its end; undefined when the person has ended it. */
async function round(
  plan: ProbePlan,
  bridge: BridgeAccess,
  speed: number,
  deps: CliDeps,
): Promise<ProbeReport | undefined> {
  const { stdout, signal } = deps
  await bridge.startProbe({ plan, ...(speed === 1 ? {} : { speed }) })
  stdout.write('Now change one record in Bevy, the title of a test event for example, once. Waiting for it …\n')
  let told = 0
  for (;;) {
    if (signal.aborted) {
      await bridge.endProbe({})
      stdout.write('the probe is ended\n')
      return undefined
    }
    const report = await bridge.probe({})
    // The bridge was restarted.
    if (report === undefined) {
      stdout.write('the bridge was restarted, and the probe is off\n')
      return undefined
    }
    if (report.attempts.length > told || report.end !== undefined) {
      told = report.attempts.length
      stdout.write(`${probeLine(report)}\n`)
    }
    if (report.end === 'cancelled') return undefined
    if (report.end !== undefined) return report
    await pause(Math.max(20, LOOK / speed), deps)
  }
}
