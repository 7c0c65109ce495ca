/** Shorter values are too likely to be part of an ordinary word. */
const MIN_LENGTH = 6
const MARK = '[secret]'

const known = new WeakMap<readonly string[], { readonly size: number; readonly forms: readonly string[] }>()

/**
 * Replaces every occurrence of the secrets of six or more characters with `[secret]`: as they are, URL-encoded, escaped in
 * JSON, and in base64 (plain and URL-safe, also in the middle of a longer encoded text such as `Authorization: Basic`).
 */
export function redact(text: string, secrets: readonly string[]): string {
  let result = text
  for (const form of formsOf(secrets)) {
    if (result.includes(form)) result = result.replaceAll(form, MARK)
  }
  return result
}

function formsOf(secrets: readonly string[]): readonly string[] {
  const cached = known.get(secrets)
  if (cached?.size === secrets.length) return cached.forms
  const all = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < MIN_LENGTH) continue
    const url = encodeURIComponent(secret.toWellFormed())
    for (const form of [
      secret,
      url,
      url.toLowerCase(),
      url.replaceAll('%20', '+'),
      JSON.stringify(secret).slice(1, -1),
    ]) {
      all.add(form)
    }
    for (const form of base64Forms(secret)) all.add(form).add(form.replaceAll('+', '-').replaceAll('/', '_'))
  }
  // The longest first, so that no rest of a longer form is left beside a replaced shorter one.
  const forms = [...all].sort((a, b) => b.length - a.length)
  known.set(secrets, { size: secrets.length, forms })
  return forms
}

/** The characters that only this secret decides, for each of the three ways it can lie in a base64 text. */
function base64Forms(secret: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(secret))
  return [0, 1, 2]
    .map((shift) => {
      const encoded = btoa('\0'.repeat(shift) + bytes)
      return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6))
    })
    .filter((form) => form.length >= MIN_LENGTH)
}
