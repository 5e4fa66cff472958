import type { FieldName, Form } from '../model/metadata.ts'
import { decode, encode } from '../wire/codec.ts'
import {
  complianceHeaderCharactersMax,
  complianceMetadataCodec,
  type ComplianceMetadata,
} from '../wire/mimi/compliance-metadata.ts'
import type { ShownValues } from './journal-view.ts'
import type { GrantedPlan, PlanCell } from './plan.ts'

/** What a provider says of the sender or of a delivery, and nobody can check. */
export type Attested = Partial<Omit<ComplianceMetadata, 'component'>>

type AttestedName = keyof Attested

/** Each member of the struct is one field; the form is the one in which it is said. */
const members: Readonly<Record<AttestedName, { readonly field: FieldName; readonly form: Form }>> =
  {
    organisation: { field: 'sender.organisation', form: 'exact' },
    deviceClass: { field: 'sender.deviceClass', form: 'bucket' },
    country: { field: 'sender.country', form: 'bucket' },
    deliveredAt: { field: 'delivery.time', form: 'exact' },
  }

/** The value of the header `Mimi-Compliance-Metadata`; undefined where nothing is said. */
export function attestedHeader(attested: Attested): string | undefined {
  const { organisation, deviceClass, country, deliveredAt } = attested
  if ([organisation, deviceClass, country, deliveredAt].every((value) => value === undefined))
    return undefined
  return encode(complianceMetadataCodec, {
    component: 'complianceMetadata',
    organisation,
    deviceClass,
    country,
    deliveredAt,
  }).toString('base64url')
}

/** Undefined for what is not exactly one encoding of the struct. */
export function parseAttestedHeader(header: string): Attested | undefined {
  // Most answers say nothing, and an error to catch costs as much as the rest of a notification.
  if (header === '' || header.length > complianceHeaderCharactersMax) return undefined
  const bytes = Buffer.from(header, 'base64url')
  if (bytes.toString('base64url') !== header) return undefined
  try {
    const { component: _component, ...attested } = decode(complianceMetadataCodec, bytes)
    return attested
  } catch {
    return undefined
  }
}

/** What a plan lets through of it, each in the form of the plan. */
export function showAttested(attested: Attested, cells: GrantedPlan['request']): Attested {
  const { organisation, deviceClass, country, deliveredAt } = attested
  const shown = (name: AttestedName) => (cells[members[name].field]?.shown ?? 'absent') !== 'absent'
  return {
    organisation: shown('organisation') ? organisation : undefined,
    deviceClass: shown('deviceClass') ? deviceClass : undefined,
    country: shown('country') ? country : undefined,
    deliveredAt: shown('deliveredAt') ? bucketed(deliveredAt, cells['delivery.time']) : undefined,
  }
}

/** The first field that a plan needs and that is not said. */
export function missingAttested(
  attested: Attested,
  cells: GrantedPlan['request'],
): FieldName | undefined {
  return SENDER.map((name) => [members[name].field, attested[name]] as const).find(
    ([field, value]) => value === undefined && (cells[field]?.least ?? 'absent') !== 'absent',
  )?.[0]
}

/** `absent` for every field of a sender that is not said; what is said has the form of the plan. */
export function saidForms(attested: Attested): Readonly<Partial<Record<FieldName, Form>>> {
  const { organisation, deviceClass, country } = attested
  return {
    ...(organisation === undefined && { 'sender.organisation': 'absent' }),
    ...(deviceClass === undefined && { 'sender.deviceClass': 'absent' }),
    ...(country === undefined && { 'sender.country': 'absent' }),
  }
}

/** The same for the journal. */
export function attestedValues(attested: Attested): ShownValues {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = attested[name]
      const { field, form } = members[name]
      if (value === undefined) return []
      return [[field, { form, value: typeof value === 'bigint' ? Number(value) : value }]]
    }),
  )
}

function bucketed(timeMs: bigint | undefined, cell: PlanCell | undefined): bigint | undefined {
  const width = BigInt(cell?.shown === 'bucket' ? (cell.width ?? 1) : 1)
  return timeMs === undefined ? undefined : timeMs - (timeMs % width)
}

/** Said of a sender, with what the sender sends. */
const SENDER = ['organisation', 'deviceClass', 'country'] as const
const NAMES = [...SENDER, 'deliveredAt'] as const
