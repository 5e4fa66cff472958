/**
 * Whether a text looks as if it named a person or a room: a URI, an address, a telephone number, or a
 * name of the case it is about. A last guard, not a proof: whoever writes for the public is told so.
 */
export function namesSomebody(
  text: string,
  { room, subject }: { readonly room: string; readonly subject: string },
): boolean {
  if (LOOKS_PERSONAL.test(text)) return true
  const words = text.toLowerCase()
  return [room, subject].map(nameOf).some((name) => name.length >= NAME_MIN && words.includes(name))
}

/** The last part of a URI as people would write it. */
function nameOf(uri: string): string {
  const last = uri.slice(uri.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(last).toLowerCase()
  } catch {
    return last.toLowerCase()
  }
}

const LOOKS_PERSONAL = /@|:\/\/|mimi:|\+\d[\d\s()-]{6,}\d|\d{9,}/i
/** Shorter ones stand in ordinary words. */
const NAME_MIN = 3
