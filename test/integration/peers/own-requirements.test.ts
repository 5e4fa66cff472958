import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { judgeChain } from '../../../src/metadata/requirements/chain.ts'
import { withoutGrease } from '../../../src/metadata/requirements/grease.ts'
import { verificationKeyOf } from '../../../src/metadata/requirements/signing-keys.ts'
import { openOwnRequirements } from '../../../src/peers/own-requirements.ts'
import { RequirementDocuments } from '../../../src/peers/requirement-documents.ts'
import {
  movableClock,
  ownRequirements,
  requirementsStore,
  statement,
  us,
} from '../../support/agreements.ts'
import { dayMs } from '../../support/requirements.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('the chain goes on after a restart, and nothing new is said without a reason', async () => {
  const directory = tempDir()
  const { clock } = movableClock()
  const state = { content: statement() }
  const first = await ownRequirements(
    new RequirementDocuments(await requirementsStore(directory), clock),
    clock,
    state,
  )
  expect(await first.publish()).toBe(false)
  const { digest } = first.current()

  const store = await requirementsStore(directory)
  const again = await ownRequirements(new RequirementDocuments(store, clock), clock, state)
  expect(again.current().digest).toBe(digest)
  state.content = statement({ asHub: [3, 2] })
  expect(await again.publish()).toBe(true)
  const { document } = again.current()
  expect(document).toMatchObject({ seq: 2, prev: digest })
  expect(withoutGrease(document.asHub)).toEqual([3, 2])
  expect(again.find(digest)?.digest).toBe(digest)
  expect(again.find('x')).toBeUndefined()
})

test('a document is renewed when a third of its time is left', async () => {
  const { clock, move } = movableClock()
  const own = await ownRequirements(
    new RequirementDocuments(await requirementsStore(), clock),
    clock,
  )
  move(19 * dayMs)
  expect(await own.publish()).toBe(false)
  move(2 * dayMs)
  expect(await own.publish()).toBe(true)
  expect(own.current().document.seq).toBe(2)
})

test('whoever asks at the same time gets one chain', async () => {
  const { clock } = movableClock()
  const own = await ownRequirements(
    new RequirementDocuments(await requirementsStore(), clock),
    clock,
  )
  await Promise.all(Array.from({ length: 5 }, () => own.publish({ renew: true })))
  const history = own.history()
  expect(history.map(({ document }) => document.seq)).toEqual([1, 2, 3, 4, 5, 6])
  const { verdict } = judgeChain({ provider: us, accepted: [] }, history, clock())
  expect(verdict).toEqual({ kind: 'accepted' })
})

test('a rotated key takes over within the chain', async () => {
  const { clock, move } = movableClock()
  const keys = await loadKeys(tempDir(), clock)
  const documents = new RequirementDocuments(await requirementsStore(), clock)
  const content = () =>
    Promise.resolve(
      statement({
        keys: { keys: [verificationKeyOf(keys.active('requirements-signing').key)] },
      }),
    )
  const own = await openOwnRequirements({
    provider: us,
    documents,
    content,
    signingKeys: () => keys.all('requirements-signing').map(({ key }) => key),
    validMs: () => 30 * dayMs,
    clock,
    randomness: randomBytes,
  })
  const before = own.current().kid
  move(1_000)
  await keys.rotate('requirements-signing')
  expect(await own.publish()).toBe(true)
  expect(own.current().kid).toBe(before)
  await own.publish({ renew: true })
  expect(own.current().kid).not.toBe(before)
  const { verdict } = judgeChain({ provider: us, accepted: [] }, own.history(), clock())
  expect(verdict).toEqual({ kind: 'accepted' })
})
