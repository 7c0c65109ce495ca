/** Where the bridge itself may send: what every URL of the config that is no plugin's has beside it. */

import { z } from 'zod'
import { isPrivateHost } from '../core/addresses.ts'

/** The fields beside a URL. */
export const network = {
  allowHttp: z.boolean().prefault(false).describe('Allow plain http. Default false.'),
  allowPrivateNetworks: z.boolean().prefault(false).describe('Allow addresses of private networks. Default false.'),
}

/** Refuses a URL that would be refused at each request: `check` says so, not the first alert. */
export function checkNetwork(
  text: string | undefined,
  field: string,
  allowed: { readonly allowHttp: boolean; readonly allowPrivateNetworks: boolean },
  context: z.RefinementCtx,
): void {
  const url = text === undefined ? null : URL.parse(text)
  if (url === null) return
  const refuse = (message: string): void => context.addIssue({ code: 'custom', path: [field], message })
  if (url.protocol === 'http:' && !allowed.allowHttp)
    refuse('is plain http: use https, or set allowHttp: true beside it')
  if (isPrivateHost(url.hostname) && !allowed.allowPrivateNetworks) {
    refuse('is a private address: set allowPrivateNetworks: true beside it if that is meant')
  }
}
