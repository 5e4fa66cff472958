/** A mail or a part of one, by a reader that knows nothing of how it was written. */
export interface MailPart {
  /** By lower-case name, unfolded. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** RFC 5322, and RFC 2046 where it has parts. Throws for what is no mail. */
export function readMail(text: string): MailPart & { readonly parts: readonly MailPart[] } {
  if (/[^\x20-\x7e\r\n]|(?<!\r)\n|\r(?!\n)/.test(text)) throw new Error('octets that no mail has')
  const mail = partOf(text)
  const [, boundary] = /boundary="([^"]+)"/.exec(mail.headers['content-type'] ?? '') ?? []
  if (boundary === undefined) return { ...mail, parts: [] }
  const [, ...rest] = `\r\n${mail.body}`.split(`\r\n--${boundary}`)
  if (rest.at(-1)?.trim() !== '--') throw new Error('no end')
  return { ...mail, parts: rest.slice(0, -1).map((part) => partOf(part.replace(/^\r\n/, ''))) }
}

function partOf(text: string): MailPart {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) throw new Error('no body')
  const lines = text
    .slice(0, end)
    .replaceAll(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
  const fields = lines.map((line) => {
    const [, name = '', value = ''] = /^([!-9;-~]+): ?(.*)$/.exec(line) ?? []
    if (name === '') throw new Error('no field')
    return [name.toLowerCase(), value] as const
  })
  return { headers: Object.fromEntries(fields), body: text.slice(end + 4) }
}
