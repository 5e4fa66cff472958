import { expect, test } from 'vitest'
import {
  createApplicationMessage,
  createCommit,
  createGroup as createTsGroup,
  decodeMlsMessage,
  defaultLifetime,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup as joinTsGroup,
  processMessage,
  type CiphersuiteImpl,
  type CiphersuiteName,
  type ClientState,
  type MLSMessage,
  type Proposal,
} from 'ts-mls'
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { createGroup, joinGroup } from '../../../src/client/mls/open-group.ts'
import { openWelcome } from '../../../src/client/mls/welcome.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { tokenKeysCodec } from '../../../src/wire/mimi/token-keys.ts'
import { appDataDictionaryCodec, componentIds } from '../../../src/wire/mls/app-data.ts'
import { extensionTypes, type Extension } from '../../../src/wire/mls/extension.ts'
import { mlsMessageCodec, type MlsMessage } from '../../../src/wire/mls/message.ts'
import { commitAndFollow, keyPackageOf } from '../../support/mls-members.ts'

const suite = mlsSuite(1)
const SUITE_NAME = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'
const groupId = Buffer.from('mixed')

/** A client of another implementation, with the capabilities that ours list. */
async function tsClient(name: string, impl: CiphersuiteImpl) {
  const credential = { credentialType: 'basic', identity: Buffer.from(name) } as const
  const capabilities = {
    versions: ['mls10' as const],
    ciphersuites: [SUITE_NAME as CiphersuiteName],
    extensions: [6],
    proposals: [],
    credentials: ['basic' as const],
  }
  return generateKeyPackage(credential, capabilities, defaultLifetime, [], impl)
}

async function tsSuite(): Promise<CiphersuiteImpl> {
  return getCiphersuiteImpl(getCiphersuiteFromName(SUITE_NAME))
}

function toTs(message: MlsMessage): MLSMessage {
  const bytes = new Uint8Array(encode(mlsMessageCodec, message))
  const decoded = decodeMlsMessage(bytes, 0)
  if (decoded === undefined) throw new Error('ts-mls does not read it')
  return decoded[0]
}

function fromTs(message: MLSMessage): MlsMessage {
  return decode(mlsMessageCodec, Buffer.from(encodeMlsMessage(message)))
}

/** One message of ours, read by the other implementation. */
async function tsProcess(state: ClientState, message: MlsMessage, impl: CiphersuiteImpl) {
  const other = toTs(message)
  if (other.wireformat !== 'mls_public_message' && other.wireformat !== 'mls_private_message')
    throw new Error('not framed')
  return processMessage(other, state, emptyPskIndex, () => 'accept', impl)
}

function epochOf(state: ClientState): Buffer {
  return Buffer.from(state.keySchedule.epochAuthenticator)
}

/** A group's extensions with the keys of an issuer pinned. */
function pinnedExtensions(): readonly Extension[] {
  const entries = [{ issuer: 'b.example', tokenType: 2, keyIds: [Buffer.alloc(32, 1)] }]
  const data = encode(tokenKeysCodec, { entries })
  const componentData = [{ componentId: componentIds.tokenKeys, data }]
  return [
    {
      type: extensionTypes.appDataDictionary,
      data: encode(appDataDictionaryCodec, { componentData }),
    },
  ]
}

test('a ts-mls client joins our group, which pins token keys, and follows it, and we follow its commits', async () => {
  const impl = await tsSuite()
  const ours = createGroup(suite, {
    groupId,
    extensions: pinnedExtensions(),
    keyPackage: keyPackageOf('mimi://a.example/u/alice'),
  })
  const bob = await tsClient('mimi://b.example/u/bob', impl)
  const sent = fromTs({
    version: 'mls10',
    wireformat: 'mls_key_package',
    keyPackage: bob.publicPackage,
  })
  if (sent.kind !== 'key-package') throw new Error('no KeyPackage')
  const staged = commitAndFollow([ours], [{ kind: 'add', keyPackage: sent.keyPackage }])
  if (staged.welcome === undefined) throw new Error('no Welcome')
  const welcome = toTs({ kind: 'welcome', welcome: staged.welcome })
  const tree = decodeRatchetTree(new Uint8Array(staged.ratchetTree), 0)
  if (welcome.wireformat !== 'mls_welcome' || tree === undefined) throw new Error('no Welcome')
  let theirs = await joinTsGroup(
    welcome.welcome,
    bob.publicPackage,
    bob.privatePackage,
    emptyPskIndex,
    impl,
    tree[0],
  )
  expect(epochOf(theirs)).toEqual(ours.epochAuthenticator)

  const hello = await createApplicationMessage(theirs, Buffer.from('hello'), impl)
  theirs = hello.newState
  const { privateMessage } = hello
  const received = fromTs({ version: 'mls10', wireformat: 'mls_private_message', privateMessage })
  if (received.kind !== 'private') throw new Error('no PrivateMessage')
  expect(ours.unprotect(received.privateMessage).applicationData.toString()).toBe('hello')

  const answer = ours.protect(Buffer.from('welcome'), { paddingFor: () => 100 })
  const read = await tsProcess(theirs, { kind: 'private', privateMessage: answer }, impl)
  theirs = read.newState
  expect(read.kind === 'applicationMessage' && Buffer.from(read.message).toString()).toBe('welcome')

  const update = ours.commit()
  ours.applyPendingCommit()
  theirs = (await tsProcess(theirs, { kind: 'public', publicMessage: update.message }, impl))
    .newState
  expect(epochOf(theirs)).toEqual(ours.epochAuthenticator)

  const carol = keyPackageOf('mimi://a.example/u/carol')
  const carolForTs = toTs({ kind: 'key-package', keyPackage: carol.keyPackage })
  if (carolForTs.wireformat !== 'mls_key_package') throw new Error('no KeyPackage')
  const add: Proposal = { proposalType: 'add', add: { keyPackage: carolForTs.keyPackage } }
  const made = await createCommit(
    { state: theirs, cipherSuite: impl },
    { extraProposals: [add], wireAsPublicMessage: true, ratchetTreeExtension: true },
  )
  theirs = made.newState
  const commit = fromTs(made.commit)
  if (commit.kind !== 'public' || made.welcome === undefined) throw new Error('no commit')
  ours.receiveCommit(commit.publicMessage)
  expect(epochOf(theirs)).toEqual(ours.epochAuthenticator)
  const theirWelcome = fromTs({
    version: 'mls10',
    wireformat: 'mls_welcome',
    welcome: made.welcome,
  })
  if (theirWelcome.kind !== 'welcome') throw new Error('no Welcome')
  const third = joinGroup(
    openWelcome(theirWelcome.welcome, () => carol),
    undefined,
  )
  expect(epochOf(theirs)).toEqual(third.epochAuthenticator)

  commitAndFollow([third, ours], [{ kind: 'remove', removed: 1 }])
  expect(third.epochAuthenticator).toEqual(ours.epochAuthenticator)
})

test('we join a group of ts-mls clients and commit in it', async () => {
  const impl = await tsSuite()
  const alice = await tsClient('alice', impl)
  let theirs = await createTsGroup(groupId, alice.publicPackage, alice.privatePackage, [], impl)
  const own = keyPackageOf('mimi://b.example/u/bob')
  const forTs = toTs({ kind: 'key-package', keyPackage: own.keyPackage })
  if (forTs.wireformat !== 'mls_key_package') throw new Error('no KeyPackage')
  const add: Proposal = { proposalType: 'add', add: { keyPackage: forTs.keyPackage } }
  const made = await createCommit(
    { state: theirs, cipherSuite: impl },
    { extraProposals: [add], wireAsPublicMessage: true, ratchetTreeExtension: true },
  )
  theirs = made.newState
  if (made.welcome === undefined) throw new Error('no Welcome')
  const welcome = fromTs({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome })
  if (welcome.kind !== 'welcome') throw new Error('no Welcome')
  const ours = joinGroup(
    openWelcome(welcome.welcome, () => own),
    undefined,
  )
  expect(epochOf(theirs)).toEqual(ours.epochAuthenticator)
  const update = ours.commit()
  ours.applyPendingCommit()
  theirs = (await tsProcess(theirs, { kind: 'public', publicMessage: update.message }, impl))
    .newState
  expect(epochOf(theirs)).toEqual(ours.epochAuthenticator)
})
