/** A 64-bit integer: a number where that is exact, else a bigint; never a bigint that fits a number. */
export type Long = number | bigint

export interface EntityUid {
  readonly kind: 'entity'
  readonly type: string
  readonly id: string
  /** The same for the same entity, and for no other. */
  readonly key: string
}

export interface CedarSet {
  readonly kind: 'set'
  /** Without duplicates. */
  readonly items: readonly CedarValue[]
  /** `canonicalText` of each item. */
  readonly keys: ReadonlySet<string>
}

export interface CedarRecord {
  readonly kind: 'record'
  readonly fields: ReadonlyMap<string, CedarValue>
}

/** A decimal in ten-thousandths, a datetime or duration in milliseconds. */
export interface Quantity {
  readonly kind: 'decimal' | 'datetime' | 'duration'
  readonly amount: Long
}

export interface IpAddress {
  readonly kind: 'ip'
  readonly version: 4 | 6
  readonly address: bigint
  /** Leading bits that name the network. */
  readonly prefix: number
}

type Composite = EntityUid | CedarSet | CedarRecord | Quantity | IpAddress
export type CedarValue = boolean | string | Long | Composite

export function entityUid(type: string, id: string): EntityUid {
  return { kind: 'entity', type, id, key: `${type.length}:${type}${id}` }
}

export function setOf(values: readonly CedarValue[]): CedarSet {
  const byText = new Map(values.map((value) => [canonicalText(value), value]))
  return { kind: 'set', items: [...byText.values()], keys: new Set(byText.keys()) }
}

export function isLong(value: CedarValue): value is Long {
  return typeof value === 'number' || typeof value === 'bigint'
}

function sameEntity(left: EntityUid, right: EntityUid): boolean {
  return left === right || (left.id === right.id && left.type === right.type)
}

/** Cedar's `==`: values of different types are not equal, which is no error. */
export function sameValue(left: CedarValue, right: CedarValue): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object') return false
  switch (left.kind) {
    case 'entity':
      return right.kind === 'entity' && sameEntity(left, right)
    case 'set':
      return right.kind === 'set' && left.keys.size === right.keys.size && hasAll(left, right)
    case 'record':
      return right.kind === 'record' && sameFields(left.fields, right.fields)
    case 'ip':
      return (
        right.kind === 'ip' &&
        left.version === right.version &&
        left.address === right.address &&
        left.prefix === right.prefix
      )
    case 'decimal':
    case 'datetime':
    case 'duration':
      return left.kind === right.kind && left.amount === right.amount
  }
}

/** Whether a set has every item of another. */
export function hasAll(set: CedarSet, wanted: CedarSet): boolean {
  for (const key of wanted.keys) if (!set.keys.has(key)) return false
  return true
}

/** Whether a set has an item of another. */
export function hasAny(set: CedarSet, wanted: CedarSet): boolean {
  for (const key of wanted.keys) if (set.keys.has(key)) return true
  return false
}

export function hasItem({ items, keys }: CedarSet, value: CedarValue): boolean {
  if (typeof value !== 'object') return items.includes(value)
  if (items.length > COMPARED_ONE_BY_ONE_MAX) return keys.has(canonicalText(value))
  for (const item of items) if (sameValue(item, value)) return true
  return false
}

/** The same text for equal values and for no others. */
function canonicalText(value: CedarValue): string {
  if (typeof value === 'object') return compositeText(value)
  if (typeof value === 'string') return `s${value.length}:${value}`
  return typeof value === 'boolean' ? `b${value}` : `n${value}`
}

function compositeText(value: Composite): string {
  switch (value.kind) {
    case 'entity':
      return `e${value.key.length}:${value.key}`
    case 'set':
      return `[${[...value.keys].toSorted().join(',')}]`
    case 'record':
      return `{${[...value.fields]
        .map(([name, field]) => `${name.length}:${name}${canonicalText(field)}`)
        .toSorted()
        .join(',')}}`
    case 'ip':
      return `ip${value.version}:${value.address}/${value.prefix}`
    case 'decimal':
    case 'datetime':
    case 'duration':
      return `${value.kind}:${value.amount}`
  }
}

function sameFields(
  left: ReadonlyMap<string, CedarValue>,
  right: ReadonlyMap<string, CedarValue>,
): boolean {
  if (left.size !== right.size) return false
  for (const [name, value] of left) {
    const other = right.get(name)
    if (other === undefined || !sameValue(value, other)) return false
  }
  return true
}

/** Up to here comparing is quicker than making a text. */
const COMPARED_ONE_BY_ONE_MAX = 8
