// Bounded, so that a long text without an @ is not searched in square time.
const EMAIL = /[\p{L}\p{N}._+'%-]{1,200}(?:@|%40)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,24}/giu

/** Replaces what looks like an e-mail address, URL-encoded ones too, with `[email]`. */
export function maskEmails(text: string): string {
  return text.includes('@') || text.includes('%40') ? text.replace(EMAIL, '[email]') : text
}
