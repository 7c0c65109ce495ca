/** Why a request was answered as it was. `stored` and `health` are the good ones; `probe` is stored too, and answered so on purpose. */
export type Reason =
  | 'stored'
  | 'stored-sender-gone'
  | 'health'
  | 'method'
  | 'not-found'
  | 'no-secret'
  | 'wrong-secret'
  | 'wrong-header'
  | 'wrong-path'
  | 'too-large'
  | 'not-storable'
  | 'append-failed'
  | 'not-admitted'
  | 'draining'
  | 'slow-body'
  | 'sender-gone'
  | 'malformed'
  | 'head-too-large'
  | 'slow-head'
  | 'expectation'
  | 'too-many-connections'
  | 'internal'
  | 'probe'

/** Reasons for which a POST gets no answer. */
export type Refusal = Exclude<Reason, 'stored' | 'stored-sender-gone' | 'health' | 'method' | 'not-found' | 'probe'>

/**
 * The status that stands for a refusal where `receiver.refuse` is `status`. Undefined: closed all the same, because the
 * sender is gone, too slow, or does not speak HTTP.
 */
export function statusOf(refusal: Refusal): 401 | 404 | 413 | 503 | undefined {
  switch (refusal) {
    case 'no-secret':
    case 'wrong-secret':
    case 'wrong-header':
      return 401
    case 'wrong-path':
      return 404
    case 'too-large':
      return 413
    case 'not-storable':
    case 'append-failed':
    case 'not-admitted':
    case 'draining':
      return 503
    default:
      return undefined
  }
}

/** True for refusals of somebody who did not show the secret as configured; these count against an address. */
export function isUnproven(refusal: Refusal): boolean {
  return refusal === 'no-secret' || refusal === 'wrong-secret' || refusal === 'wrong-path'
}

/** The reason behind an error the HTTP parser or the socket reports; undefined for a connection that just went away. */
export function reasonOfFault(code: string | undefined): Refusal | undefined {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'HPE_INVALID_EOF_STATE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return undefined
    case 'HPE_HEADER_OVERFLOW':
      return 'head-too-large'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'slow-head'
    default:
      return 'malformed'
  }
}
