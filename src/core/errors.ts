/**
 * Errors, sorted by who must decide. Recognised by a brand, not by `instanceof`: two copies of a module can load.
 * A message never carries a secret or a person's data.
 */

const BRAND = Symbol.for('bevy-bridge.error')

/** Who must decide: the person at the config, the sender, the keeper of the disk, of the destination, or of one record. */
export type ErrorKind = 'config' | 'receiver' | 'store' | 'destination' | 'transport' | 'record'

/** Every error this project throws on purpose. `code` is stable and documented in docs/errors.md. */
export class BridgeError extends Error {
  override readonly name: string = 'BridgeError'
  readonly [BRAND] = true
  readonly kind: ErrorKind
  /** `ERR_UPPER_SNAKE`, stable across versions. */
  readonly code: string

  constructor(kind: ErrorKind, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.code = code
  }
}

/** True for errors of ours, whichever copy of the module made them; with `kind`, only for that kind. */
export function isBridgeError(error: unknown, kind?: ErrorKind): error is BridgeError {
  return (
    typeof error === 'object' &&
    error !== null &&
    BRAND in error &&
    (kind === undefined || (error as BridgeError).kind === kind)
  )
}

/** Thrown by a plugin about its destination, not about a record: bad token, unknown channel, 410. Pauses the destination. */
export class DestinationError extends BridgeError {
  override readonly name = 'DestinationError'
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super('destination', options?.code ?? 'ERR_DESTINATION', message, options)
  }
}

/** Thrown by `context.http`. `sent` is false when no byte of the request can have reached the other side. */
export class TransportError extends BridgeError {
  override readonly name = 'TransportError'
  readonly sent: boolean
  constructor(code: string, message: string, options: ErrorOptions & { sent: boolean }) {
    super('transport', code, message, options)
    this.sent = options.sent
  }
}

/** The store cannot do what was asked: disk full, I/O error, damage, a format from the future. */
export class StoreError extends BridgeError {
  override readonly name = 'StoreError'
  constructor(code: string, message: string, options?: ErrorOptions) {
    super('store', code, message, options)
  }
}

/** Turns whatever was thrown into an Error. */
export function coerceError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  return new Error(typeof thrown === 'string' ? thrown : 'something that is not an Error was thrown', { cause: thrown })
}
