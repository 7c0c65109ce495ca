import type { BridgeAccess } from '../core/dispatch/actions.ts'
import type { Clock } from '../core/ports.ts'
import type {
  AlertTest,
  ConfigProblem,
  LiveCheck,
  RebuildProgress,
  RebuildReport,
  TryReport,
} from '../core/dispatch/reports.ts'
import type { TypeFields } from '../core/records/fields.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'
import type { TortureOptions, TortureReport } from '../core/torture/report.ts'

/** 0 ok · 1 a problem was found · 2 wrong usage · 3 the bridge or its store could not be reached or opened. */
export type ExitCode = 0 | 1 | 2 | 3

/** A stream to print to. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** What `start` was told. Config files are as given: empty means "find one". */
export interface StartOptions {
  readonly config: readonly string[]
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly logFormat?: 'auto' | 'pretty' | 'json'
}

/** A Bevy setting that some route needs, as `check` lists it. */
export interface BevySwitch {
  /** The switch as Bevy's settings call it: `attendee`. */
  readonly type: string
  /** Names of the routes that can match such records. */
  readonly routes: readonly string[]
}

/** A config that can be used, or all that is wrong with it. */
export type ConfigReport =
  | {
      readonly ok: true
      readonly settings: Settings
      readonly warnings: readonly ConfigProblem[]
      readonly switches: readonly BevySwitch[]
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** A file that `init` writes. */
export interface InitFile {
  /** Relative to the folder. */
  readonly path: string
  readonly content: string
  /** Permission bits, default 0644. */
  readonly mode?: number
}

/** What the verbs need of the rest of the program. No edge imports another: main hands it in. */
export interface CliDeps {
  readonly version: string
  readonly stdout: Output
  readonly stderr: Output
  /** All of the standard input. */
  readonly stdin: () => Promise<Uint8Array>
  /** A person sits at a terminal. */
  readonly interactive: boolean
  /** Asks that person; undefined when there is no answer. */
  ask(question: string): Promise<string | undefined>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly clock: Clock
  /** Aborted on SIGINT and SIGTERM; verbs other than `start` then end with what they have. */
  readonly signal: AbortSignal
  /** Runs the bridge until it is told to stop. */
  start(options: StartOptions): Promise<number>
  loadConfig(files: readonly string[]): Promise<ConfigReport>
  /** The bridge that runs with these settings; undefined when none does. Rejects with a BridgeError of kind `transport`. */
  connectAdmin(settings: Settings): Promise<BridgeAccess | undefined>
  /** The same answers from the store, while no bridge runs. Rejects with a StoreError. */
  openOffline(settings: Settings): Promise<BridgeAccess & { close(): Promise<void> }>
  /** Makes the index of a store again in which no bridge runs; ends early with the signal. Rejects with a StoreError. */
  rebuild(settings: Settings, progress: (progress: RebuildProgress) => void): Promise<RebuildReport>
  /** Which fields were ever seen, by the running bridge or its store; undefined where neither can be asked. Never rejects. */
  seenFields(settings: Settings): Promise<readonly TypeFields[] | undefined>
  /** Asks every destination how it is. */
  checkLive(settings: Settings): Promise<readonly LiveCheck[]>
  /** Shows, and with `live` sends, one sample record; undefined when there is no such sample. */
  tryOut(
    settings: Settings,
    destination: DestinationSettings,
    ask: { readonly sample: string; readonly live: boolean },
  ): Promise<TryReport | undefined>
  /** Sends a test message through these channels of alerts. */
  testAlerts(settings: Settings, channels: readonly string[]): Promise<readonly AlertTest[]>
  /** The secret a delivery to this bridge must carry: from the config, or the one made in the data folder. */
  bevySecret(settings: Settings): Promise<string | undefined>
  /** Tortures a bridge with a copy of these settings. Rejects with a BridgeError when it cannot begin. */
  torture(settings: Settings, options: TortureOptions): Promise<TortureReport>
  /** What `init` writes. */
  initFiles(): readonly InitFile[]
  /** The JSON Schema of the config. */
  jsonSchema(): unknown
}
