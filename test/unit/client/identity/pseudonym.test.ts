import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import { createAccount } from '../../../../src/client/identity/account.ts'
import { connectionCard, Connections } from '../../../../src/client/identity/connections.ts'
import { IdentityLinks, wrapperKeyOf } from '../../../../src/client/identity/identity-links.ts'
import {
  createUserPseudonym,
  identityLinkKey,
  openIdentityLink,
  pseudonymousIdentity,
} from '../../../../src/client/identity/pseudonym.ts'

const suite = mlsSuite(1)

function account(name: string) {
  return createAccount({
    user: `mimi://a.example/u/${name}`,
    client: `mimi://a.example/d/${name}-1`,
    suite,
    randomness: randomBytes,
  })
}

/** A pseudonym of an account, with its link key. */
function masked(owner = account('alice')) {
  const pseudonym = createUserPseudonym(owner, randomBytes)
  const { credential } = pseudonymousIdentity(owner, pseudonym, randomBytes)
  return { credential, linkKey: identityLinkKey(suite, owner.connectionKey, credential) }
}

test('a link key opens one pseudonym and shows who is behind it', () => {
  const alice = account('alice')
  const { credential, linkKey } = masked(alice)
  const { identityKey } = alice
  expect(openIdentityLink(suite, credential, linkKey)).toEqual({
    user: alice.user,
    identityKey: identityKey.publicKey,
  })
  expect(() => openIdentityLink(suite, masked(alice).credential, linkKey)).toThrow(
    'decryption-failed',
  )
})

test('a link that was made for another pseudonym or key is refused', () => {
  const { credential, linkKey } = masked()
  const other = masked()
  const moved = { ...credential, signaturePublicKey: other.credential.signaturePublicKey }
  expect(() => openIdentityLink(suite, moved, linkKey)).toThrow('decryption-failed')
  const renamed = { ...credential, userPseudonym: other.credential.userPseudonym }
  expect(() => openIdentityLink(suite, renamed, linkKey)).toThrow('decryption-failed')
})

test('pseudonyms of one user share nothing that providers see', () => {
  const alice = account('alice')
  const [one, two] = [masked(alice).credential, masked(alice).credential]
  expect(one.userPseudonym).not.toEqual(two.userPseudonym)
  expect(one.clientPseudonym).not.toEqual(two.clientPseudonym)
  expect(one.signaturePublicKey).not.toEqual(two.signaturePublicKey)
  expect(one.identityLinkCiphertext).toHaveLength(two.identityLinkCiphertext.length)
})

test('a connection finds its user only', () => {
  const [alice, bob] = [account('alice'), account('bob')]
  const connections = new Connections(suite)
  const { credential } = masked(alice)
  expect(() => connections.linkKey(alice.user, credential)).toThrow('no-connection')
  connections.add(connectionCard(alice))
  connections.add(connectionCard(bob))
  const linkKey = connections.linkKey(alice.user, credential)
  expect(connections.confirms(openIdentityLink(suite, credential, linkKey))).toBe(true)
  expect(() => connections.linkKey(bob.user, credential)).toThrow('decryption-failed')
})

test('who knows a connection key can claim a name, but confirms nothing by that', () => {
  const alice = account('alice')
  const impostor = { ...account('alice'), connectionKey: alice.connectionKey }
  const connections = new Connections(suite)
  connections.add(connectionCard(alice))
  const { credential } = masked(impostor)
  const identity = openIdentityLink(suite, credential, connections.linkKey(alice.user, credential))
  expect(identity.user).toBe(alice.user)
  expect(connections.confirms(identity)).toBe(false)
})

test('link keys travel wrapped, in the order of the leaves', () => {
  const people = [masked(account('alice')), masked(account('bob')), masked(account('carol'))]
  const leaves = people.map(({ credential }) => ({ credential }))
  const links = IdentityLinks.create(suite, randomBytes)
  for (const { credential, linkKey } of people) links.learn(credential, linkKey)
  const joiner = new IdentityLinks(suite, links.wrapperKey)
  joiner.learnFromAddAad(links.addAad(leaves).data, leaves)
  const users = people.map(({ credential }) => joiner.resolve(credential)?.user)
  expect(users).toEqual(['alice', 'bob', 'carol'].map((name) => `mimi://a.example/u/${name}`))
  const outsider = IdentityLinks.create(suite, randomBytes)
  outsider.learnFromAddAad(links.addAad(leaves).data, leaves)
  expect(people.map(({ credential }) => outsider.resolve(credential))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('one wrong entry leaves one pseudonym unresolved and the others known', () => {
  const [alice, bob] = [masked(account('alice')), masked(account('bob'))]
  const leaves = [alice, bob].map(({ credential }) => ({ credential }))
  const links = IdentityLinks.create(suite, randomBytes)
  links.learn(alice.credential, bob.linkKey)
  links.learn(bob.credential, bob.linkKey)
  const joiner = new IdentityLinks(suite, links.wrapperKey)
  joiner.learnFromAddAad(links.addAad(leaves).data, leaves)
  expect(joiner.resolve(alice.credential)).toBeUndefined()
  expect(joiner.resolve(bob.credential)?.user).toBe('mimi://a.example/u/bob')
})

test('the wrapper key is in the Welcome, and not in what the hub gets', () => {
  const links = IdentityLinks.create(suite, randomBytes)
  const { published, welcomed } = links.extensions([])
  expect(wrapperKeyOf(welcomed)).toEqual(links.wrapperKey)
  expect(wrapperKeyOf(published)).toBeUndefined()
  expect(Buffer.concat(published.map(({ data }) => data)).includes(links.wrapperKey)).toBe(false)
})
