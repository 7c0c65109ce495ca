/**
 * What the promise was rejected with; fails when it was not. For files that also run under `bun test`, whose `expect().rejects`
 * blocks the event loop until the promise settles: an answer from a worker then never comes.
 */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol('nothing')
  const thrown: unknown = await promise.then(
    () => nothing,
    (error: unknown) => error,
  )
  if (thrown === nothing) throw new Error('expected the promise to be rejected')
  return thrown
}
