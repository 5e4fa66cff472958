import { decode, encode } from '../wire/codec.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
  type IdentifierResponse,
  type ProfileField,
  type QueryElement,
} from '../wire/mimi/identifier-query.ts'
import { textColumn } from '../sqlite/row.ts'
import { profileFields, type ProfileFieldName } from './accounts.ts'
import type { DsContext } from './context.ts'
import type { UpstreamAnswer, UpstreamRequest } from './key-material.ts'

interface Condition {
  readonly field: ProfileFieldName
  readonly value: string
}

/**
 * identifierQuery: users whose registered profile matches every element exactly, at most `FOUND_MAX`.
 * An answer repeats the fields that were asked for, which the requester knows, and nothing else.
 */
export function identifierQuery(ctx: DsContext, ask: UpstreamRequest): UpstreamAnswer {
  const { queryElements } = decode(identifierRequestCodec, ask.bytes)
  const conditions = queryElements.map(condition)
  const [first, ...others] = conditions.filter((item) => item !== undefined)
  if (first === undefined || others.length + 1 < conditions.length)
    return answer('unsupportedField')
  const users = matching(ctx, first).filter((user) =>
    others.every((other) => matches(ctx, user, other)),
  )
  if (users.length === 0) return answer('notFound')
  const fields = [first, ...others].map(profileField)
  return answer(
    'success',
    users.map((stableUri) => ({ stableUri, fields })),
  )
}

function condition({ searchType, searchValue }: QueryElement): Condition | undefined {
  const field = profileFields.find((name) => name === searchType)
  return field === undefined ? undefined : { field, value: searchValue }
}

function matching(ctx: DsContext, { field, value }: Condition): readonly string[] {
  return ctx.store
    .all(
      `SELECT user FROM ds_profiles WHERE field = ? AND value = ? ORDER BY user LIMIT ${FOUND_MAX}`,
      [field, value],
    )
    .map((row) => textColumn(row, 'user'))
}

function matches(ctx: DsContext, user: string, { field, value }: Condition): boolean {
  const row = ctx.store.get('SELECT value FROM ds_profiles WHERE user = ? AND field = ?', [
    user,
    field,
  ])
  return row !== undefined && textColumn(row, 'value') === value
}

function profileField({ field, value }: Condition): ProfileField {
  return {
    fieldSource: 'oidcStdClaim',
    fieldName: CLAIMS[field],
    fieldValue: Buffer.from(value),
  }
}

function answer(
  responseCode: IdentifierResponse['responseCode'],
  foundProfiles: IdentifierResponse['foundProfiles'] = [],
): UpstreamAnswer {
  const response: IdentifierResponse = {
    responseCode,
    uri: foundProfiles.map(({ stableUri }) => stableUri),
    foundProfiles,
    idResponseExtensions: { componentData: [] },
  }
  return { status: 200, bytes: encode(identifierResponseCodec, response) }
}

/** OpenID Connect Core 1.0 §5.1 */
const CLAIMS: Readonly<Record<ProfileFieldName, string>> = {
  handle: 'preferred_username',
  nick: 'nickname',
  email: 'email',
  phone: 'phone_number',
}
const FOUND_MAX = 20
