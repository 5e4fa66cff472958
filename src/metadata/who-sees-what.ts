import type { FieldDeclaration } from '../model/adapter.ts'
import { operations, type Operation } from '../model/exchange.ts'
import { compareForms, type Audience } from '../model/metadata.ts'
import { fieldList, fields } from './fields.ts'

/** What one party learns in one operation, whatever the gateway does, and what the bytes can carry. */
export interface Sight {
  readonly audience: (typeof parties)[number]
  readonly operation: Operation
  readonly declarations: readonly FieldDeclaration[]
}

/** Per party and operation, in the order of the vocabulary; operations that show nothing are left out. */
export function whoSeesWhat(declarations: readonly FieldDeclaration[]): readonly Sight[] {
  return parties.flatMap((audience) =>
    operations.flatMap((operation) => {
      const seen = declarations
        .filter((d) => d.audience === audience && d.operation === operation)
        .toSorted(byPartAndCode)
      return seen.length === 0 ? [] : [{ audience, operation, declarations: seen }]
    }),
  )
}

/** The page docs/threat-model/fields.md. */
export function fieldsPage(declarations: readonly FieldDeclaration[]): string {
  const parts = [
    '# What each party sees, field by field',
    'Generated from the declarations of the protocol adapters and from the field registry; a test keeps it current.',
    '_Wire floor_ is the least form that the bytes can express, _carries_ the most exposing one. _Enforcement_: `edited` fields are written by the gateway, so it can lower them; `checked` ones are protected by a client, so it can only accept or refuse; `attested` ones are a promise of the other side that nobody can check. The journal of the gateway is in no table: the gateway writes it itself, and suite and policies decide what it keeps.',
    '## Fields',
    table(
      ['code', 'field', 'class', 'forms', 'meaning'],
      fieldList.map((field) => [
        `0x${field.code.toString(16).padStart(2, '0')}`,
        `\`${field.name}\``,
        field.class,
        field.forms.join(', '),
        field.description,
      ]),
    ),
    ...parties.flatMap((audience) => partySection(declarations, audience)),
  ]
  return `${parts.join('\n\n')}\n`
}

function partySection(
  declarations: readonly FieldDeclaration[],
  audience: (typeof parties)[number],
): readonly string[] {
  const sights = whoSeesWhat(declarations).filter((sight) => sight.audience === audience)
  if (sights.length === 0) return []
  return [
    `## ${PARTIES[audience]}`,
    ...sights.flatMap((sight) => [
      `### ${sight.operation}`,
      table(
        ['part', 'field', 'wire floor', 'carries', 'enforcement', 'because'],
        sight.declarations.map((d) => [
          d.part,
          `\`${d.field}\``,
          d.wireFloor,
          d.carries,
          d.enforcement,
          d.because,
        ]),
      ),
    ]),
  ]
}

function byPartAndCode(a: FieldDeclaration, b: FieldDeclaration): number {
  if (a.part !== b.part) return a.part === 'request' ? -1 : 1
  const byCode = fields[a.field].code - fields[b.field].code
  return byCode === 0 ? compareForms(a.wireFloor, b.wireFloor) : byCode
}

/** Columns are padded as prettier does it, so that the page is formatted like every other. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', String.raw`\|`)))
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)))
  const [first, ...others] = all.map((row) =>
    tableLine(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))),
  )
  return [first, tableLine(widths.map((width) => '-'.repeat(width))), ...others].join('\n')
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Other providers: what the journal keeps is in no protocol's bytes. */
const parties = ['hub', 'follower', 'target'] as const satisfies readonly Audience[]

const PARTIES: Readonly<Record<(typeof parties)[number], string>> = {
  hub: "The room's hub",
  follower: 'A follower',
  target: 'The other provider of a consent, a query or a request for key material',
}
