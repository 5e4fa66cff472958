import { expect, test } from 'vitest'
import { federationSuite } from '../../support/federation-suite.ts'
import { lossyProxy } from '../../support/lossy-proxy.ts'

const suites = ['moderated-pseudonyms', 'identified']
const extra = { defaultSuites: { asHub: suites, asFollower: suites } }
const federation = federationSuite(
  ['a.example', 'b.example'].map((domain) => ({ domain, extra, policies: 'enterprise' })),
)

/** Alice, whose answers can get lost, and Bob, in a room of a.example. */
async function room(name: string) {
  const { gateway } = federation.provider('a.example')
  const proxy = await lossyProxy(gateway.urls.clients ?? '')
  const alice = await federation.client('a.example', `alice-${name}`, { extra: { url: proxy.url } })
  const bob = await federation.client('b.example', `bob-${name}`)
  await bob.publishKeyPackages({ basic: 2 })
  const uri = `mimi://a.example/r/${name}`
  await alice.createRoom({ room: uri, name, suite: 'identified' })
  await alice.addUser(uri, bob.user)
  await bob.next('joined')
  return { uri, alice, bob, proxy }
}

test('a commit whose answer is lost takes effect with the next change', async () => {
  const { uri, alice, bob, proxy } = await room('resent')
  proxy.loseNext('/update/')
  await expect(alice.commitPending(uri)).rejects.toThrow('unreachable')
  expect(alice.group(uri).context.epoch).toBe(1n)
  expect(await alice.setRole(uri, bob.user, 3)).toMatchObject({ kind: 'accepted' })
  await bob.next('room-changed')
  await bob.next('room-changed')
  expect(alice.group(uri).context.epoch).toBe(3n)
  expect(bob.group(uri).epochAuthenticator).toEqual(alice.group(uri).epochAuthenticator)
})

test('proposals whose answer is lost are still in the next commit', async () => {
  const { uri, alice, bob, proxy } = await room('left')
  proxy.loseNext('/update/')
  await expect(alice.leave(uri)).rejects.toThrow('unreachable')
  await bob.next('proposal')
  expect(await bob.commitPending(uri)).toMatchObject({ kind: 'accepted' })
  expect(await alice.next('removed')).toMatchObject({ by: { user: bob.user } })
  expect(bob.participants(uri).map(({ user }) => user)).toEqual([bob.user])
})

test('a commit that never arrived is made again', async () => {
  const { uri, alice, bob, proxy } = await room('dropped')
  proxy.dropNext('/update/')
  await expect(alice.commitPending(uri)).rejects.toThrow('unreachable')
  expect(await alice.commitPending(uri)).toMatchObject({ kind: 'accepted' })
  expect(await bob.next('room-changed')).toMatchObject({ epoch: 2n })
  expect(bob.group(uri).epochAuthenticator).toEqual(alice.group(uri).epochAuthenticator)
})

test('a proposal that never arrived does not stand in the way of the next commit', async () => {
  const { uri, alice, bob, proxy } = await room('unheard')
  proxy.dropNext('/update/')
  const proposal = { kind: 'app-ephemeral', componentId: 0x8d77, data: Buffer.from('?') } as const
  await expect(alice.propose(uri, proposal)).rejects.toThrow('unreachable')
  expect(await alice.commitPending(uri)).toMatchObject({ kind: 'accepted' })
  expect(await bob.next('room-changed')).toMatchObject({ ephemerals: [] })
})

test('a message shows that a commit was accepted, though its answer is lost', async () => {
  const { uri, alice, bob, proxy } = await room('shown')
  proxy.loseNext('/update/')
  await expect(alice.commitPending(uri)).rejects.toThrow('unreachable')
  await bob.next('room-changed')
  await bob.sendText(uri, 'seen')
  expect(await alice.next('message')).toMatchObject({ text: 'seen' })
  expect(alice.group(uri).context.epoch).toBe(2n)
})
