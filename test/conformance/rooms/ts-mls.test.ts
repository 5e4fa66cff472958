import { ECDH } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  createCommit,
  createGroup,
  createGroupInfoWithExternalPubAndRatchetTree,
  createProposal,
  decodeMlsMessage,
  defaultCapabilities,
  defaultLifetime,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  processMessage,
  type CiphersuiteImpl,
  type CiphersuiteName,
  type ClientState,
  type MLSMessage,
  type Proposal,
} from 'ts-mls'
import { openGroup, type Group } from '../../../src/rooms/group.ts'
import { stageCommit } from '../../../src/rooms/stage-commit.ts'
import { stageProposals } from '../../../src/rooms/stage-proposals.ts'
import { treeBytes } from '../../../src/rooms/tree.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { extensionData, extensionTypes } from '../../../src/wire/mls/extension.ts'
import { groupInfoCodec } from '../../../src/wire/mls/group-info.ts'
import { mlsMessageCodec } from '../../../src/wire/mls/message.ts'

const names: readonly CiphersuiteName[] = [
  'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
  'MLS_128_DHKEMP256_AES128GCM_SHA256_P256',
  'MLS_256_DHKEMP521_AES256GCM_SHA512_P521',
  'MLS_256_DHKEMP384_AES256GCM_SHA384_P384',
]

/** ts-mls puts NIST signature keys on the wire as compressed points; RFC 9420 §5.1.1 wants them whole. */
async function suiteNamed(name: CiphersuiteName): Promise<CiphersuiteImpl> {
  const suite = await getCiphersuiteImpl(getCiphersuiteFromName(name))
  const curve = curves[name.slice(name.lastIndexOf('_') + 1)]
  if (curve === undefined) return suite
  const keygen = async () => {
    const { signKey, publicKey } = await suite.signature.keygen()
    const whole = ECDH.convertKey(publicKey, curve, undefined, undefined, 'uncompressed')
    return { signKey, publicKey: Buffer.from(whole) }
  }
  return { ...suite, signature: { ...suite.signature, keygen } }
}

const curves: Readonly<Record<string, string>> = {
  P256: 'prime256v1',
  P384: 'secp384r1',
  P521: 'secp521r1',
}

/** A second implementation of MLS plays; the room is followed from its bytes alone. */
test.each(names)('a group of ts-mls clients in %s is followed', async (name) => {
  const suite = await suiteNamed(name)
  let members = await begin(suite)
  let group = await opened(members[0], suite)
  for (let round = 0; round < 12; round++) {
    const [committer, other, ...rest] = members
    const proposals: Proposal[] = []
    const joiner = round % 3 === 0 ? await newKeyPackage(suite, `d${round}`) : undefined
    if (joiner) proposals.push({ proposalType: 'add', add: { keyPackage: joiner.publicPackage } })
    const leaver = round % 4 === 3 ? rest.at(-1) : undefined
    if (leaver) proposals.push({ proposalType: 'remove', remove: { removed: leafIndexOf(leaver) } })
    // One round leaves its proposals to a member who does not commit.
    if (round % 5 === 4 && proposals[0]) {
      const proposed = await createProposal(other, true, proposals[0], suite)
      group = stageProposals(group, [wire(proposed.message)]).next
      members = [
        await received(committer, proposed.message, suite),
        proposed.newState,
        ...(await Promise.all(rest.map((member) => received(member, proposed.message, suite)))),
      ]
      proposals.shift()
    }
    const committed = await createCommit(
      { state: members[0], cipherSuite: suite },
      { wireAsPublicMessage: true, extraProposals: proposals, ratchetTreeExtension: true },
    )
    group = stageCommit(group, wire(committed.commit)).next
    expect(group.context.treeHash).toEqual(Buffer.from(committed.newState.groupContext.treeHash))
    expect(group.context.confirmedTranscriptHash).toEqual(
      Buffer.from(committed.newState.groupContext.confirmedTranscriptHash),
    )
    expect(treeBytes(group.tree)).toEqual(treeBytes((await opened(committed.newState, suite)).tree))
    const staying = members.slice(1).filter((member) => member !== leaver)
    const followers = await Promise.all(
      staying.map((member) => received(member, committed.commit, suite)),
    )
    const joined =
      joiner && committed.welcome
        ? [
            await joinGroup(
              committed.welcome,
              joiner.publicPackage,
              joiner.privatePackage,
              emptyPskIndex,
              suite,
            ),
          ]
        : []
    // The next round another one commits.
    members = [...followers, ...joined, committed.newState] as [ClientState, ClientState]
  }
  expect(group.context.epoch).toBe(13n)
})

async function begin(
  suite: CiphersuiteImpl,
): Promise<[ClientState, ClientState, ...ClientState[]]> {
  const alice = await newKeyPackage(suite, 'alice')
  const others = await Promise.all(['bob', 'carol', 'dave'].map((one) => newKeyPackage(suite, one)))
  const created = await createGroup(
    Buffer.from('group'),
    alice.publicPackage,
    alice.privatePackage,
    [],
    suite,
  )
  const { newState, welcome } = await createCommit(
    { state: created, cipherSuite: suite },
    {
      wireAsPublicMessage: true,
      ratchetTreeExtension: true,
      extraProposals: others.map(({ publicPackage: keyPackage }) => ({
        proposalType: 'add',
        add: { keyPackage },
      })),
    },
  )
  if (!welcome) throw new Error('no welcome')
  const joined = await Promise.all(
    others.map(({ publicPackage, privatePackage }) =>
      joinGroup(welcome, publicPackage, privatePackage, emptyPskIndex, suite),
    ),
  )
  return [newState, ...joined] as [ClientState, ClientState, ...ClientState[]]
}

function newKeyPackage(suite: CiphersuiteImpl, name: string) {
  const credential = { credentialType: 'basic', identity: Buffer.from(name) } as const
  return generateKeyPackage(credential, defaultCapabilities(), defaultLifetime, [], suite)
}

async function opened(state: ClientState, suite: CiphersuiteImpl): Promise<Group> {
  const info = await createGroupInfoWithExternalPubAndRatchetTree(state, [], suite)
  const bytes = wire({ version: 'mls10', wireformat: 'mls_group_info', groupInfo: info })
  const message = decode(mlsMessageCodec, bytes)
  if (message.kind !== 'group-info') throw new Error('no GroupInfo')
  const { groupInfo } = message
  const ratchetTree = extensionData(groupInfo.extensions, extensionTypes.ratchetTree)
  if (!ratchetTree) throw new Error('no tree')
  return openGroup({ groupInfo: encode(groupInfoCodec, groupInfo), ratchetTree })
}

async function received(
  state: ClientState,
  message: MLSMessage,
  suite: CiphersuiteImpl,
): Promise<ClientState> {
  const decoded = decodeMlsMessage(encodeMlsMessage(message), 0)?.[0]
  if (decoded?.wireformat !== 'mls_public_message') throw new Error('no public message')
  const result = await processMessage(decoded, state, emptyPskIndex, () => 'accept', suite)
  if (result.kind !== 'newState') throw new Error('no new state')
  return result.newState
}

function leafIndexOf(state: ClientState): number {
  return state.privatePath.leafIndex
}

function wire(message: MLSMessage): Buffer {
  return Buffer.from(encodeMlsMessage(message))
}
