/**
 * Whether a policy in Cedar's JSON form looks only at what comes with a request: attributes and groups
 * of principal, action and resource, and what the context names. About any other entity nothing is
 * known when a request is decided: a policy that looks at one fails, and denies, each time. Stricter
 * than level 1 of Cedar's RFC 76 only where the same can be said more plainly.
 */
export function isWithinLevelOne(json: unknown): boolean {
  if (!isObject(json)) return true
  return Object.entries(json).every(
    ([name, operand]) =>
      isWithinLevelOne(operand) && (!looks(name, operand) || isGiven(operand.left)),
  )
}

function looks(name: string, operand: unknown): operand is { readonly left: unknown } {
  if (!isObject(operand) || !('left' in operand)) return false
  return LOOKING.has(name) || (name === 'is' && 'in' in operand)
}

/** A variable, or what the context, which is a record, has in it. */
function isGiven(looked: unknown): boolean {
  if (!isObject(looked)) return false
  if ('Var' in looked) return true
  const access = looked['.']
  return isObject(access) && isObject(access['left']) && access['left']['Var'] === 'context'
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null
}

const LOOKING = new Set(['.', 'has', 'in', 'hasTag', 'getTag'])
