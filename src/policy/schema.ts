import { fieldList, type FieldClass, type FieldDefinition } from '../metadata/fields.ts'
import { operations, type Operation } from '../model/exchange.ts'
import { audiences, forms, purposes, type FieldName, type Form } from '../model/metadata.ts'
import { senderTiers } from '../model/sender-tier.ts'
import { peerClasses, policySuites, regions, roomProfiles } from './vocabulary.ts'

/** The Cedar action for showing a field in a form. */
export function disclosureAction(field: FieldName, form: Form): string {
  return `${field}:${form}`
}

/** The Cedar action for letting an operation in. */
export function admissionAction(operation: Operation): string {
  return `admit:${operation}`
}

/** An action that can be asked for. */
export interface GatewayAction {
  readonly id: string
  readonly groups: readonly string[]
  readonly context: 'Disclosure' | 'Admission'
}

/** Every action that can be asked for, with all groups that it is in, near and far. */
export function gatewayActions(): readonly GatewayAction[] {
  const ofFields = fieldList.flatMap((field) =>
    actionsOf(field).map((action) => ({
      ...action,
      groups: [...action.groups, GROUPS[field.class]],
    })),
  )
  return [...ofFields, ...admissions]
}

/** The text of policies/gateway.cedarschema: the vocabulary of every policy, from the field registry. */
export function gatewaySchema(): string {
  return `${[HEADER, ...entities(), CONTEXTS, ...groups(), ...fieldActions(), ...admissionActions()].join('\n')}\n`
}

function entities(): readonly string[] {
  return [
    enumeration('PeerClass', peerClasses),
    enumeration('Region', regions),
    enumeration('RoomProfile', roomProfiles),
    enumeration('Suite', policySuites),
    enumeration('Purpose', purposes),
    enumeration('Audience', audiences),
    enumeration('Direction', ['ingress', 'egress']),
    enumeration('Operation', operations),
    enumeration('SenderTier', senderTiers),
    ENTITY_TYPES,
  ]
}

function groups(): readonly string[] {
  const groupNames = [...new Set(Object.values(GROUPS))]
  return [
    '// Groups of fields, and all fields in one form: what operators write policies about.',
    ...groupNames.map((group) => `action ${quote(group)};`),
    ...shownForms.map((form) => `action ${quote(`any:${form}`)};`),
  ]
}

function fieldActions(): readonly string[] {
  return fieldList.flatMap((field) => [
    `// ${field.description}`,
    `action ${quote(field.name)} in [${quote(GROUPS[field.class])}];`,
    ...actionsOf(field).map(actionText),
  ])
}

function admissionActions(): readonly string[] {
  return [
    '// Whether an operation is let in at all.',
    'action "admit";',
    ...admissions.map(actionText),
  ]
}

/** Absence needs no permission, so it has no action. */
function actionsOf(field: FieldDefinition): readonly GatewayAction[] {
  return field.forms
    .filter((form) => form !== 'absent')
    .toReversed()
    .map((form) => ({
      id: disclosureAction(field.name, form),
      groups: [field.name, `any:${form}`],
      context: 'Disclosure',
    }))
}

function actionText({ id, groups: inGroups, context }: GatewayAction): string {
  return `action ${quote(id)} in [${inGroups.map(quote).join(', ')}] appliesTo { principal: [Peer], resource: [Room], context: ${context} };`
}

function enumeration(name: string, members: readonly string[]): string {
  return `entity ${name} enum [${members.map(quote).join(', ')}];`
}

function quote(text: string): string {
  return JSON.stringify(text)
}

const admissions: readonly GatewayAction[] = operations.map((operation) => ({
  id: admissionAction(operation),
  groups: ['admit'],
  context: 'Admission',
}))

const shownForms = forms.filter((form) => form !== 'absent').toReversed()

const GROUPS: Readonly<Record<FieldClass, string>> = {
  SND: 'identity',
  CLI: 'identity',
  ORG: 'identity',
  PII: 'identity',
  PRV: 'topology',
  GRP: 'topology',
  RCP: 'topology',
  POL: 'topology',
  TIM: 'timing',
  SIZ: 'volume',
  CTY: 'volume',
  IP: 'network',
  LOC: 'network',
  SOC: 'social',
  REP: 'report',
  CNT: 'report',
}

const HEADER =
  '// Generated from src/metadata/fields.ts by src/policy/schema.ts; a test keeps it current.'

const ENTITY_TYPES = `entity PeerGroup;
entity Peer in [PeerGroup] = {
  "class": PeerClass,     // given by the operator, never by the peer
  "region": Region,
  "agreement": Bool,      // an agreement on metadata is in force
  "verified": Bool        // its certificate is bound to its domain
};
entity Tenant;
entity Room in [Tenant] = {
  "suite": Suite,
  "profile": RoomProfile,
  "region": Region
};`

const CONTEXTS = `type Disclosure = {
  "purpose": Purpose,
  "audience": Audience,   // who is shown the field
  "direction": Direction, // ingress: towards our delivery service; egress: towards a peer
  "operation": Operation
};
type Admission = {
  "direction": Direction,
  "local": Bool,          // handed in by our own delivery service
  "tier": SenderTier      // how the actor shows itself
};`
