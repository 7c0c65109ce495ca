/** The parts of undici used here, by path: Bun puts a shell of its own in the place of the package's name (ADR 17). */

declare module 'undici/lib/dispatcher/agent.js' {
  export { Agent as default } from 'undici'
}

declare module 'undici/lib/core/connect.js' {
  export { buildConnector as default } from 'undici'
}
