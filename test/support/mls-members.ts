import { randomBytes } from 'node:crypto'
import { mlsSuite, type MlsSuite } from '../../src/mls-crypto/suite.ts'
import { generateSignatureKeyPair } from '../../src/mls-crypto/signatures.ts'
import { createKeyPackage, type OwnKeyPackage } from '../../src/client/mls/key-package.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { createGroup, joinGroup } from '../../src/client/mls/open-group.ts'
import { openWelcome } from '../../src/client/mls/welcome.ts'
import type { StagedCommit } from '../../src/client/mls/create-commit.ts'
import { encode } from '../../src/wire/codec.ts'
import {
  appDataDictionaryCodec,
  componentIds,
  type ComponentData,
} from '../../src/wire/mls/app-data.ts'
import { requiredCapabilitiesCodec } from '../../src/wire/mls/capabilities.ts'
import { externalSendersCodec, type ExternalSender } from '../../src/wire/mls/external-sender.ts'
import { extensionTypes, type Extension } from '../../src/wire/mls/extension.ts'
import type { Proposal } from '../../src/wire/mls/proposal.ts'
import {
  participantListDataCodec,
  type UserRolePair,
} from '../../src/wire/mimi/participant-list.ts'

/** 2026-11-01T00:00:00Z. */
export const NOW_MS = 1_793_491_200_000

/** A KeyPackage of a user, with new keys. */
export function keyPackageOf(user: string, suite: MlsSuite = mlsSuite(1)): OwnKeyPackage {
  const signer = generateSignatureKeyPair(suite)
  const identity = { signer, credential: { kind: 'basic', identity: Buffer.from(user) } } as const
  return createKeyPackage(suite, identity, { nowMs: NOW_MS, randomness: randomBytes })
}

/** Extensions of a room's GroupContext, with the given users as participants (role 2). */
export function roomExtensions(
  users: readonly string[],
  {
    externalSender,
    components = [],
    participants = users.map((user) => ({ user, roleIndex: 2 })),
  }: {
    externalSender?: ExternalSender
    components?: readonly ComponentData[]
    /** Instead of the users. */
    participants?: readonly UserRolePair[]
  } = {},
): Extension[] {
  const list = encode(participantListDataCodec, { participants })
  const all = [{ componentId: componentIds.participantList, data: list }, ...components]
  const required = { extensionTypes: [6], proposalTypes: [8, 10], credentialTypes: [1] }
  return [
    {
      type: extensionTypes.requiredCapabilities,
      data: encode(requiredCapabilitiesCodec, required),
    },
    ...(externalSender
      ? [
          {
            type: extensionTypes.externalSenders,
            data: encode(externalSendersCodec, [externalSender]),
          },
        ]
      : []),
    {
      type: extensionTypes.appDataDictionary,
      data: encode(appDataDictionaryCodec, {
        componentData: all.toSorted((a, b) => a.componentId - b.componentId),
      }),
    },
  ]
}

/** A group of as many members as users, each added by the first one. */
export function groupOf(users: readonly string[], suite: MlsSuite = mlsSuite(1)): MlsGroup[] {
  const [first = '', ...others] = users
  const creator = createGroup(suite, {
    groupId: Buffer.from('mimi://a.example/g/clubhouse'),
    extensions: roomExtensions(users),
    keyPackage: keyPackageOf(first, suite),
  })
  if (others.length === 0) return [creator]
  return [
    creator,
    ...addAll(
      [creator],
      others.map((user) => keyPackageOf(user, suite)),
    ),
  ]
}

/** The first of `members` adds the KeyPackages; the others follow; the new members are returned. */
export function addAll(members: readonly MlsGroup[], keyPackages: readonly OwnKeyPackage[]) {
  const [committer] = members
  if (committer === undefined) throw new Error('no member')
  const staged = commitAndFollow(
    members,
    keyPackages.map(({ keyPackage }) => ({ kind: 'add', keyPackage })),
  )
  return keyPackages.map((keyPackage) => joinWith(staged, keyPackage))
}

export function joinWith({ welcome, ratchetTree }: StagedCommit, own: OwnKeyPackage): MlsGroup {
  if (welcome === undefined) throw new Error('no welcome')
  const opened = openWelcome(welcome, (reference) =>
    reference.equals(own.reference) ? own : undefined,
  )
  return joinGroup(opened, ratchetTree)
}

/** The first of `members` commits and applies, the others receive it. */
export function commitAndFollow(
  [committer, ...others]: readonly MlsGroup[],
  proposals: readonly Proposal[] = [],
): StagedCommit {
  if (committer === undefined) throw new Error('no member')
  const staged = committer.commit({ proposals })
  committer.applyPendingCommit()
  for (const member of others) member.receiveCommit(staged.message)
  return staged
}

/** True where all members agree on the epoch's secrets. */
export function agree(members: readonly MlsGroup[]): boolean {
  const [first, ...others] = members.map(({ epochAuthenticator }) => epochAuthenticator)
  return others.every((authenticator) => first?.equals(authenticator) === true)
}
