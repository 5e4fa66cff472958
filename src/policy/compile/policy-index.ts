import type { CompiledPolicy } from './compile-policy.ts'
import type { EvaluationRequest } from './entities.ts'
import type { ScopeTest } from './scope.ts'
import type { EntityUid } from './values.ts'

/**
 * Finds the policies that a request could match, so that the time depends on those and not on how
 * many there are. INVARIANT: one index serves one schema, the groups of an action never change.
 */
export interface PolicyIndex {
  /** Each policy once at most; all match the action. */
  candidates(request: EvaluationRequest): readonly (readonly CompiledPolicy[])[]
}

export function createPolicyIndex(policies: readonly CompiledPolicy[]): PolicyIndex {
  const shelves = shelve(policies)
  const byAction = new Map<string, ActionShelves>()
  return {
    candidates: (request) => {
      let shelf = byAction.get(request.action.key)
      if (shelf === undefined) {
        shelf = shelvesOfAction(shelves, request)
        byAction.set(request.action.key, shelf)
      }
      return shelf.candidates(request)
    },
  }
}

/** By the entity that the head names: principal before resource, as peers are more than tenants. */
interface Shelves {
  readonly unnamed: readonly CompiledPolicy[]
  readonly principals: ReadonlyMap<string, readonly CompiledPolicy[]>
  readonly resources: ReadonlyMap<string, readonly CompiledPolicy[]>
}

interface ActionShelves {
  candidates(request: EvaluationRequest): readonly (readonly CompiledPolicy[])[]
}

function shelve(policies: readonly CompiledPolicy[]): Shelves {
  const unnamed: CompiledPolicy[] = []
  const principals = new Map<string, CompiledPolicy[]>()
  const resources = new Map<string, CompiledPolicy[]>()
  for (const policy of policies) {
    const principal = soleEntity(policy.principal)
    const resource = soleEntity(policy.resource)
    if (principal !== undefined) addTo(principals, principal.key, policy)
    else if (resource !== undefined) addTo(resources, resource.key, policy)
    else unnamed.push(policy)
  }
  return { unnamed, principals, resources }
}

function shelvesOfAction(shelves: Shelves, first: EvaluationRequest): ActionShelves {
  const matching = (policies: readonly CompiledPolicy[]): readonly CompiledPolicy[] =>
    policies.filter(({ action }) => action === undefined || action.matches(first))
  const unnamed = matching(shelves.unnamed)
  const onlyUnnamed = [unnamed]
  if (shelves.principals.size === 0 && shelves.resources.size === 0)
    return { candidates: () => onlyUnnamed }
  const principals = createNarrowed(shelves.principals, matching)
  const resources = createNarrowed(shelves.resources, matching)
  return {
    candidates: (request) => {
      const found = [unnamed]
      principals.collect(found, request.principal, request)
      resources.collect(found, request.resource, request)
      return found
    },
  }
}

interface Narrowed {
  /** Adds what names the entity or anything that it is in. */
  collect(found: (readonly CompiledPolicy[])[], entity: EntityUid, request: EvaluationRequest): void
}

/** Narrows a shelf when it is first looked at: most actions never meet most peers. */
function createNarrowed(
  shelf: ReadonlyMap<string, readonly CompiledPolicy[]>,
  matching: (policies: readonly CompiledPolicy[]) => readonly CompiledPolicy[],
): Narrowed {
  const narrowed = new Map<string, readonly CompiledPolicy[]>()
  const add = (found: (readonly CompiledPolicy[])[], key: string): void => {
    let policies = narrowed.get(key)
    if (policies === undefined) {
      const all = shelf.get(key)
      if (all === undefined) return
      policies = matching(all)
      narrowed.set(key, policies)
    }
    if (policies.length > 0) found.push(policies)
  }
  return {
    collect: (found, entity, request) => {
      if (shelf.size === 0) return
      add(found, entity.key)
      const data = request.entities.get(entity.key)
      if (data !== undefined) for (const ancestor of data.ancestors) add(found, ancestor)
    },
  }
}

function soleEntity(scope: ScopeTest | undefined): EntityUid | undefined {
  return scope?.within?.length === 1 ? scope.within[0] : undefined
}

function addTo(shelf: Map<string, CompiledPolicy[]>, key: string, policy: CompiledPolicy): void {
  const known = shelf.get(key)
  if (known === undefined) shelf.set(key, [policy])
  else known.push(policy)
}
