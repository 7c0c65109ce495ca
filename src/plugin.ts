/**
 * What a plugin is written with: `import { definePlugin, z } from 'bevy-bridge'`.
 */

export { z } from 'zod'
export * from './core/plugin-contract.ts'
export * from './core/schema-helpers.ts'
export { BridgeError, coerceError, DestinationError, isBridgeError, TransportError } from './core/errors.ts'
export type { Mapping, Scope, Template } from './core/expressions/expressions.ts'
export type { HttpClient, HttpRequest, HttpResponse, Log, PluginState } from './core/ports.ts'
export type { Facts, Json, JsonObject, KnownType, Mode, Position } from './core/types.ts'
export { isPrivateHost } from './core/addresses.ts'
export { outcomeOf, perJob, retryAfter, toOutcome } from './core/dispatch/outcomes.ts'
export { parseInstant } from './core/records/instants.ts'
export { comparePositions } from './core/positions.ts'
export { isTimeZone, toWallClock, wallClockOf, zoneOf } from './core/expressions/zones.ts'
export { parseSigningKey, signWebhook, type SigningKey } from './core/standard-webhooks.ts'
