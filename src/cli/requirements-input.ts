import { readFile, stat } from 'node:fs/promises'
import type { RequirementsDocument } from '../metadata/requirements/document.ts'
import { documentBytesMax } from '../metadata/requirements/document.ts'
import { openDocument, type Opened } from '../metadata/requirements/signed-document.ts'
import { builtInSuites, isGrease, type Suites } from '../metadata/suites.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'

/** A signed document from a file; undefined where there is no such file. */
export async function readDocumentFile(path: string): Promise<Opened | undefined> {
  try {
    const { size } = await stat(path)
    if (size > documentBytesMax + 1) return { kind: 'malformed', reason: 'too-large' }
    // Editors and shells end a file with a line feed; the document itself has none.
    return openDocument(
      Buffer.from((await readFile(path, 'latin1')).replace(/\r?\n$/, ''), 'latin1'),
    )
  } catch {
    return undefined
  }
}

/** The provider that a URL of a requirements document, or a bare domain, names. */
export function providerOf(text: string): string | undefined {
  const [, host] =
    /^(?:https:\/\/)?([a-z0-9.-]{1,253})(?:\/(?:\.well-known\/mimi-metadata-requirements)?)?$/.exec(
      text,
    ) ?? []
  return host
}

/** The suites that every gateway has. */
export function everybodysSuites(): Suites {
  return builtInSuites(mimiAdapter.declarations)
}

/** A code as people know it: the name of a suite, or the number. GREASE says so. */
export function suiteLabel(code: number, document: RequirementsDocument, suites: Suites): string {
  const hex = `0x${code.toString(16).toUpperCase().padStart(4, '0')}`
  if (isGrease(code)) return `${hex} (GREASE)`
  const own = document.suites.find((table) => table.code === code)
  return own?.name ?? suites.suiteByCode(code)?.name ?? hex
}

/** `2026-01-31 00:00 UTC` */
export function utc(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
