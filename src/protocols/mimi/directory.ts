import { z } from 'zod'
import { GatewayError } from '../../model/errors.ts'
import type { Operation } from '../../model/exchange.ts'

/** Octets of a directory document. */
export const directoryBytesMax = 65_536

/** Names under `protocolDrafts`. */
const draftCountMax = 16

export interface Directory {
  /** RFC 6570 level 1, one variable each; an operation that is not there is not offered. */
  readonly templates: Readonly<Partial<Record<Operation, string>>>
  /** The drafts that the provider speaks, such as `draft-ietf-mimi-protocol-06`. */
  readonly protocolDrafts: readonly string[]
  /** Where the provider publishes its metadata requirements. */
  readonly metadataRequirements: string | undefined
}

export interface DirectoryPlan {
  /** `https` origin with the path before the operations, without a final slash. */
  readonly baseUrl: string
  readonly operations: readonly Operation[]
  readonly protocolDrafts: readonly string[]
  readonly metadataRequirements?: string
}

/** Our own directory document. draft-ietf-mimi-protocol-06 §5.1 */
export function buildDirectory(plan: DirectoryPlan): Buffer {
  const templates = plan.operations.map((operation) => {
    const [variable] = variables[operation]
    return [operation, `${plan.baseUrl}/${operation}/{${variable}}`] as const
  })
  return Buffer.from(
    JSON.stringify({
      ...Object.fromEntries(templates),
      protocolDrafts: plan.protocolDrafts,
      metadataRequirements: plan.metadataRequirements,
    }),
  )
}

/**
 * A peer's directory document. Members that the draft and this product do not define are left out.
 * Throws `directory-invalid`.
 */
export function parseDirectory(bytes: Buffer): Directory {
  if (bytes.length > directoryBytesMax) throw new GatewayError('directory-invalid')
  const result = documentSchema.safeParse(parseJson(bytes))
  if (!result.success) throw new GatewayError('directory-invalid')
  const { protocolDrafts, metadataRequirements, ...templates } = result.data
  return { templates: defined(templates), protocolDrafts, metadataRequirements }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

function defined(
  templates: Readonly<Partial<Record<Operation, string | undefined>>>,
): Directory['templates'] {
  return Object.fromEntries(
    Object.entries(templates).filter(([, template]) => template !== undefined),
  )
}

type NonEmpty = readonly [string, ...string[]]

/**
 * The variable of each template; the first is the one that we write. The draft calls that of the
 * consent operations by two names.
 */
const variables: Readonly<Record<Operation, NonEmpty>> = {
  keyMaterial: ['targetUser'],
  update: ['roomId'],
  submitMessage: ['roomId'],
  notify: ['roomId'],
  groupInfo: ['roomId'],
  requestConsent: ['targetDomain', 'targetUser'],
  updateConsent: ['requesterDomain', 'requesterUser'],
  identifierQuery: ['domain'],
  reportAbuse: ['roomId'],
  proxyDownload: ['downloadUrl'],
}

function templateOf(operation: Operation) {
  const names = variables[operation].join('|')
  const pattern = new RegExp(
    String.raw`^https://[^\s{}"<>\\^\`|]+\{(?:${names})\}[^\s{}"<>\\^\`|]*$`,
  )
  return z.string().max(TEMPLATE_CHARACTERS_MAX).regex(pattern).optional()
}

const TEMPLATE_CHARACTERS_MAX = 1_024
const DRAFT_NAME = /^[a-z0-9-]{1,80}$/

const documentSchema = z.object({
  keyMaterial: templateOf('keyMaterial'),
  update: templateOf('update'),
  submitMessage: templateOf('submitMessage'),
  notify: templateOf('notify'),
  groupInfo: templateOf('groupInfo'),
  requestConsent: templateOf('requestConsent'),
  updateConsent: templateOf('updateConsent'),
  identifierQuery: templateOf('identifierQuery'),
  reportAbuse: templateOf('reportAbuse'),
  proxyDownload: templateOf('proxyDownload'),
  protocolDrafts: z.array(z.string().regex(DRAFT_NAME)).max(draftCountMax).default([]),
  metadataRequirements: z
    .string()
    .max(TEMPLATE_CHARACTERS_MAX)
    .regex(/^https:\/\/[^\s{}"<>\\^`|]+$/)
    .optional(),
})
