import { randomBytes } from 'node:crypto'
import { generateSignatureKeyPair } from '../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../src/mls-crypto/suite.ts'
import {
  createKeyPackage,
  type LeafIdentity,
  type OwnKeyPackage,
} from '../../src/client/mls/key-package.ts'
import type { StagedCommit } from '../../src/client/mls/create-commit.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { createGroup } from '../../src/client/mls/open-group.ts'
import { decode, encode, opaque, vector } from '../../src/wire/codec.ts'
import { treeBytesMax } from '../../src/wire/mimi/bounds.ts'
import { consentEntryCodec, type ConsentEntry } from '../../src/wire/mimi/consent.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../../src/wire/mimi/fanout.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  type KeyMaterialResponse,
} from '../../src/wire/mimi/key-material.ts'
import { participantListDataCodec } from '../../src/wire/mimi/participant-list.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  type SubmitMessageRequest,
  type SubmitMessageResponse,
} from '../../src/wire/mimi/submit-message.ts'
import {
  updateRequestCodec,
  updateRoomResponseCodec,
  type UpdateRoomResponse,
} from '../../src/wire/mimi/update.ts'
import { appDataDictionaryCodec, componentIds } from '../../src/wire/mls/app-data.ts'
import type { Credential } from '../../src/wire/mls/credential.ts'
import { extensionTypes, type Extension } from '../../src/wire/mls/extension.ts'
import type { PublicMessage } from '../../src/wire/mls/framing.ts'
import { groupInfoCodec, type GroupInfo } from '../../src/wire/mls/group-info.ts'
import { mlsMessage, type MlsMessageView } from '../../src/wire/mls/header.ts'
import { keyPackageCodec } from '../../src/wire/mls/key-package.ts'
import { mlsMessageCodec, type MlsMessage } from '../../src/wire/mls/message.ts'
import { welcomeCodec } from '../../src/wire/mls/welcome.ts'
import type { Answer, DsNetwork } from './ds-network.ts'
import { NOW_MS } from './mls-members.ts'

/** An ordinary member's role; 1 is the banned one. */
export const MEMBER_ROLE = 2
const suite = mlsSuite(1)

export interface QueuedEvent {
  readonly id: number
  readonly kind: string
  readonly room?: string
  readonly change?: string
  readonly item: FanoutMessage | undefined
  readonly body: Buffer
}

/** One registered client of one delivery service, at the level of HTTP. */
export class DsClient {
  readonly user: string
  readonly client: string
  private readonly network: DsNetwork
  private readonly domain: string
  private token = ''

  constructor(network: DsNetwork, user: string, client: string) {
    this.network = network
    this.user = user
    this.client = client
    this.domain = new URL(user).host
  }

  async register(more: object = {}): Promise<this> {
    const document = JSON.stringify({ user: this.user, client: this.client, ...more })
    const answer = await this.post('clients', document)
    if (answer.status !== 201) throw new Error(`register answered ${answer.status}`)
    this.token = (JSON.parse(answer.bytes.toString()) as { token: string }).token
    return this
  }

  post(path: string, body: Uint8Array | string): Promise<Answer> {
    return this.call('POST', path, body)
  }

  operation(operation: string, target: string, body: Uint8Array): Promise<Answer> {
    return this.post(`${operation}/${encodeURIComponent(target)}`, body)
  }

  async call(method: string, path: string, body?: Uint8Array | string): Promise<Answer> {
    const url = `${this.network.ds(this.domain).clientUrl}/client/v1/${path}`
    const answer = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.token}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Buffer.from(body) }),
    })
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) }
  }

  async upload(...keyPackages: readonly OwnKeyPackage[]): Promise<void> {
    const codec = vector(keyPackageCodec, { countMax: 100 })
    const answer = await this.post(
      'keyPackages',
      encode(
        codec,
        keyPackages.map(({ keyPackage }) => keyPackage),
      ),
    )
    if (answer.status !== 204) throw new Error(`upload answered ${answer.status}`)
  }

  async keyMaterial(target: string, room: string, ask: KeyMaterialAsk = {}) {
    const body = keyMaterialRequest({ requester: this.user, target, room, ...ask })
    const answer = await this.operation('keyMaterial', target, body)
    if (answer.status !== 200) throw new Error(`keyMaterial answered ${answer.status}`)
    return decode(keyMaterialResponseCodec, answer.bytes)
  }

  async consent(
    operation: 'request' | 'cancel' | 'grant' | 'revoke',
    scope: {
      readonly requester: string
      readonly target: string
      readonly room?: string
      readonly keyPackages?: readonly OwnKeyPackage[]
    },
  ): Promise<Answer> {
    const base = {
      requesterUri: scope.requester,
      targetUri: scope.target,
      roomId: scope.room,
      consentExtensions: { componentData: [] },
    }
    const clientKeyPackages = (scope.keyPackages ?? []).map(({ keyPackage: value, bytes }) => ({
      value,
      bytes,
    }))
    const entry: ConsentEntry =
      operation === 'grant'
        ? { consentOperation: operation, ...base, clientKeyPackages }
        : { consentOperation: operation, ...base }
    const isRequest = operation === 'request' || operation === 'cancel'
    return this.operation(
      isRequest ? 'requestConsent' : 'updateConsent',
      new URL(isRequest ? scope.target : scope.requester).host,
      encode(consentEntryCodec, entry),
    )
  }

  async createRoom(
    room: string,
    group: MlsGroup,
    groupInfo: GroupInfo = group.groupInfo(),
  ): Promise<Answer> {
    const document = {
      suite: 'identified',
      groupInfo: encode(groupInfoCodec, groupInfo).toString('base64'),
      ratchetTree: group.ratchetTree().toString('base64'),
    }
    return this.operation('rooms', room, Buffer.from(JSON.stringify(document)))
  }

  async update(room: string, body: Buffer): Promise<UpdateRoomResponse> {
    const answer = await this.operation('update', room, body)
    if (answer.status !== 200) throw new Error(`update answered ${answer.status}`)
    return decode(updateRoomResponseCodec, answer.bytes)
  }

  async submit(room: string, group: MlsGroup, sendingUri = this.user) {
    const answer = await this.operation('submitMessage', room, submission(group, sendingUri))
    if (answer.status !== 200) throw new Error(`submitMessage answered ${answer.status}`)
    return submitOutcome(answer)
  }

  async events({ after = 0, waitMs = 0 } = {}): Promise<readonly QueuedEvent[]> {
    const answer = await this.call('GET', `events?after=${after}&waitMs=${waitMs}`)
    const { events } = JSON.parse(answer.bytes.toString()) as {
      events: { id: number; kind: string; room?: string; change?: string; body: string }[]
    }
    return events.map((event) => {
      const body = Buffer.from(event.body, 'base64')
      const item = event.kind === 'fanout' ? decode(fanoutMessageCodec, body) : undefined
      return { ...event, body, item }
    })
  }

  /** Waits until the queue holds at least `count` events. */
  async eventually(count: number): Promise<readonly QueuedEvent[]> {
    for (;;) {
      const events = await this.events({ waitMs: 1_000 })
      if (events.length >= count) return events
    }
  }
}

export function submitOutcome(answer: Answer): SubmitMessageResponse {
  return decode(submitMessageResponseCodec, answer.bytes)
}

export interface KeyMaterialAsk {
  readonly requester?: string
  readonly credential?: Credential
  readonly ciphersuites?: readonly number[]
  readonly extensionTypes?: readonly number[]
  readonly credentialTypes?: readonly number[]
}

export function keyMaterialRequest(
  ask: KeyMaterialAsk & { readonly target: string; readonly room: string },
): Buffer {
  const requestingUser = ask.requester ?? ''
  return encode(keyMaterialRequestCodec, {
    protocol: 'mls10',
    requestingUser,
    targetUser: ask.target,
    roomId: ask.room,
    acceptableCiphersuites: ask.ciphersuites ?? [1],
    requiredCapabilities: {
      extensionTypes: ask.extensionTypes ?? [6],
      proposalTypes: [8],
      credentialTypes: ask.credentialTypes ?? [],
    },
    requesterSignatureKey: Buffer.of(1),
    requesterCredential: ask.credential ?? { kind: 'basic', identity: Buffer.from(requestingUser) },
    keyMaterialRequestSignature: Buffer.of(1),
  })
}

export function basicIdentity(user: string): LeafIdentity {
  return {
    signer: generateSignatureKeyPair(suite),
    credential: { kind: 'basic', identity: Buffer.from(user) },
  }
}

export function pseudonymousIdentity(userPseudonym: string, clientPseudonym: string): LeafIdentity {
  const signer = generateSignatureKeyPair(suite)
  return {
    signer,
    credential: {
      kind: 'pseudonymous',
      userPseudonym: Buffer.from(userPseudonym),
      clientPseudonym: Buffer.from(clientPseudonym),
      signaturePublicKey: signer.publicKey,
      identityLinkCiphertext: Buffer.of(1, 2, 3),
    },
  }
}

export function newKeyPackage(identity: LeafIdentity, lifetimeMs = 86_400_000): OwnKeyPackage {
  return createKeyPackage(suite, identity, { nowMs: NOW_MS, lifetimeMs, randomness: randomBytes })
}

/** A group of one, with the given users and roles as participants. */
export function newGroup(
  identity: LeafIdentity,
  participants: Readonly<Record<string, number>>,
  groupId = 'mimi://a.example/g/clubhouse',
): MlsGroup {
  return createGroup(suite, {
    groupId: Buffer.from(groupId),
    extensions: [participantExtension(participants)],
    keyPackage: newKeyPackage(identity),
  })
}

function participantExtension(participants: Readonly<Record<string, number>>): Extension {
  const list = Object.entries(participants).map(([user, roleIndex]) => ({ user, roleIndex }))
  const data = encode(participantListDataCodec, { participants: list })
  return {
    type: extensionTypes.appDataDictionary,
    data: encode(appDataDictionaryCodec, {
      componentData: [{ componentId: componentIds.participantList, data }],
    }),
  }
}

/** The body of `update` for a commit. */
export function commitBundle(staged: StagedCommit): Buffer {
  const { welcome, groupInfo, ratchetTree } = staged
  return encode(updateRequestCodec, {
    kind: 'commit',
    proposalOrCommit: publicView(staged.message),
    welcome: welcome && { value: welcome, bytes: encode(welcomeCodec, welcome) },
    groupInfoOption: {
      representation: 'full',
      groupInfo: { value: groupInfo, bytes: encode(groupInfoCodec, groupInfo) },
    },
    ratchetTreeOption: {
      representation: 'full',
      ratchetTree: decode(opaque(treeBytesMax), ratchetTree),
    },
  })
}

/** The body of `update` for proposals. */
export function proposalBundle(...[first, ...more]: readonly PublicMessage[]): Buffer {
  if (first === undefined) throw new Error('no proposal')
  return encode(updateRequestCodec, {
    kind: 'proposal',
    proposalOrCommit: publicView(first),
    moreProposals: more.map(publicView),
  })
}

/** The body of `submitMessage` with a fresh application message. */
export function submission(
  group: MlsGroup,
  sendingUri: string,
  options: { authenticatedData?: Buffer } = {},
): Buffer {
  const privateMessage = group.protect(Buffer.from('hello'), options)
  const appMessage = view({ kind: 'private', privateMessage })
  return encode<SubmitMessageRequest>(submitMessageRequestCodec, {
    protocol: 'mls10',
    appMessage,
    sendingUri,
  })
}

function publicView(publicMessage: PublicMessage): MlsMessageView {
  return view({ kind: 'public', publicMessage })
}

function view(message: MlsMessage): MlsMessageView {
  return decode(mlsMessage, encode(mlsMessageCodec, message))
}

export function foundKeyPackages({ clients }: KeyMaterialResponse): readonly Buffer[] {
  return clients.flatMap((item) =>
    item.clientStatus === 'success' ? [Buffer.from(item.keyPackage.bytes)] : [],
  )
}
