/** Trimmed, inner white space collapsed, Unicode NFC; null where nothing is left. */
export function tidy(text: string | null | undefined): string | null {
  const tidied = (text ?? '').normalize('NFC').trim().replace(/\s+/gu, ' ')
  return tidied === '' ? null : tidied
}

export function trimmed(text: string | null | undefined): string | null {
  const short = (text ?? '').trim()
  return short === '' ? null : short
}

/** As it is; null where there is nothing but white space. */
export function given(text: string | null | undefined): string | null {
  return trimmed(text) === null ? null : (text ?? null)
}

/** What follows the last @; null without one. */
export function domainOf(email: string): string | null {
  const at = email.lastIndexOf('@')
  return at < 0 || at === email.length - 1 ? null : email.slice(at + 1)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(text: string): boolean {
  return UUID.test(text)
}
