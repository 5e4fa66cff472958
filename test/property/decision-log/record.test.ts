import { expect, test } from 'vitest'
import fc from 'fast-check'
import { audiences } from '../../../src/model/metadata.ts'
import { peerClasses, regions, roomProfiles } from '../../../src/policy/vocabulary.ts'
import {
  admissionOf,
  decisionLogTo,
  memorySink,
  planOf,
  submission,
} from '../../support/decisions.ts'
import { policyRoom } from '../../support/policy.ts'

/** Something that stands nowhere else. */
const canary = fc.stringMatching(/^[a-z0-9]{12}$/).map((text) => `canary-${text}`)
const peer = fc.record({
  id: canary.map((name) => `${name}.example`),
  class: fc.constantFrom(...peerClasses),
  region: fc.constantFrom(...regions),
  agreement: fc.boolean(),
  verified: fc.boolean(),
  groups: fc.array(canary, { maxLength: 3 }),
})
const room = fc.record({
  suite: fc.constantFrom('bare-minimum', 'moderated-pseudonyms', 'identified', 'compliance'),
  renamed: fc.option(canary, { nil: undefined }),
  facts: fc.record({
    id: canary.map((name) => `mimi://${name}.example/r/${name}`),
    profile: fc.constantFrom(...roomProfiles),
    tenant: canary,
  }),
})

test('no record holds anything that names a peer, a room, a group, a tenant or a private suite', async () => {
  await fc.assert(
    fc.asyncProperty(peer, room, async (facts, { suite, renamed, facts: roomFacts }) => {
      const built = policyRoom(suite, roomFacts)
      const named =
        renamed === undefined ? built : { ...built, suite: { ...built.suite, name: renamed } }
      const asked = submission({ peer: facts, room: named })
      const sink = memorySink()
      const { decisionLog } = decisionLogTo([sink])
      decisionLog.admission(asked, admissionOf(asked), 'room-pseudonym')
      for (const audience of audiences)
        decisionLog.disclosure(asked, planOf(asked, audience), audience)
      await decisionLog[Symbol.asyncDispose]()
      expect(sink.records).toHaveLength(1 + audiences.length)
      expect(JSON.stringify(sink.records)).not.toContain('canary')
    }),
    { numRuns: 200 },
  )
})
