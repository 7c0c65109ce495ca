import type { ReceiverSettings } from '../core/settings.ts'

const PATH_SHOWN = 120

/** What an alert about a POST with a mistake in Bevy's settings says: what came, and what to change where. */
export interface Advice {
  noSecret(): string
  wrongSecret(): string
  wrongHeader(header: string, prefixed: boolean): string
  wrongPath(path: string): string
  unknownPost(path: string): string
  tooLarge(): string
}

/** Words for the settings in force. Secrets never stand in them. */
export function adviceFor(settings: ReceiverSettings): Advice {
  const { path, secretHeader } = settings
  const url = settings.publicUrl ?? `the bridge's address followed by ${path}`
  return {
    noSecret: () =>
      `A POST came to ${path} without the header ${secretHeader}. If it was Bevy: set "Webhooks Secret Key" in Bevy's ` +
      `webhook settings to ${secretHeader} and "Webhooks Secret" to the secret configured here. Bevy tries again by itself.`,
    wrongSecret: () =>
      `A POST came to ${path} with a wrong secret in ${secretHeader}. If it was Bevy: enter the secret configured here as ` +
      `"Webhooks Secret" in Bevy's webhook settings, or add Bevy's to receiver.secrets. Bevy tries again by itself.`,
    wrongHeader: (header, prefixed) =>
      prefixed
        ? `The right secret came in the header ${header}, but behind another word. "Webhooks Secret" in Bevy's webhook ` +
          `settings must be the secret alone, and "Webhooks Secret Key" ${secretHeader}.`
        : `The right secret came in the header ${header}; the receiver looks in ${secretHeader}. Set "Webhooks Secret Key" ` +
          `in Bevy's webhook settings to ${secretHeader}, or receiver.secretHeader to ${header}.`,
    wrongPath: (came) =>
      `A POST with the right secret came to ${came}; the receiver takes deliveries on ${path}. Set the URL in Bevy's webhook ` +
      `settings to ${url}, or receiver.path to ${came}.`,
    unknownPost: (came) =>
      `A POST without the right secret came to ${came}; deliveries come to ${path} with the secret in ${secretHeader}. ` +
      `If it was Bevy: set the URL to ${url} and check the secret. If not, nothing is to be done.`,
    tooLarge: () =>
      `A delivery with the right secret was larger than receiver.maxBody (${settings.maxBody} bytes) and was not taken. ` +
      `Raise receiver.maxBody before Bevy gives up, or lower the number of records Bevy sends at once.`,
  }
}

/** A path from outside, fit to be printed: no secret and no address of a person in it, and not long. */
export function printable(path: string, secrets: readonly string[]): string {
  let text = path
  for (const secret of secrets) {
    if (secret === '') continue
    for (const form of [secret, encodeURIComponent(secret)]) text = text.replaceAll(form, '***')
  }
  text = text.replace(/[^/]*(?:@|%40)[^/]*/gi, '***')
  return text.length > PATH_SHOWN ? `${text.slice(0, PATH_SHOWN)}…` : text
}
