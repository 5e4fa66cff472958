import type { Codec } from '../../src/wire/codec.ts'
import { commitCodec } from '../../src/wire/mls/commit.ts'
import { mlsMessageCodec } from '../../src/wire/mls/message.ts'
import { proposalCodec, proposalTypes, type ProposalKind } from '../../src/wire/mls/proposal.ts'
import { ratchetTreeCodec } from '../../src/wire/mls/ratchet-tree.ts'
import { anyCodec } from './any-codec.ts'
import { vectorJson } from './vectors.ts'

/** One struct of the official vector file `messages`, with the codec that reads it. */
export interface MessageSample {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly bytes: Buffer
}

/** All structs of the official vectors but GroupSecrets, which only members read. */
export function messageSamples(): readonly MessageSample[] | undefined {
  const cases = vectorJson('mls/messages.json.gz') as
    readonly Readonly<Record<string, string>>[] | undefined
  return cases?.flatMap((one) =>
    Object.entries(one)
      .filter(([name]) => name !== 'group_secrets')
      .map(([name, hex]) => sample(name, hex)),
  )
}

function sample(name: string, hex: string): MessageSample {
  const bytes = Buffer.from(hex, 'hex')
  const kind = proposals[name]
  if (kind !== undefined) {
    // The vectors hold the proposals without their type.
    const type = Buffer.from([0, proposalTypes[kind]])
    return { name, codec: anyCodec(proposalCodec), bytes: Buffer.concat([type, bytes]) }
  }
  return { name, codec: codecs[name] ?? anyCodec(mlsMessageCodec), bytes }
}

const codecs: Readonly<Record<string, Codec<unknown>>> = {
  ratchet_tree: anyCodec(ratchetTreeCodec),
  commit: anyCodec(commitCodec),
}

const proposals: Readonly<Record<string, ProposalKind>> = {
  add_proposal: 'add',
  update_proposal: 'update',
  remove_proposal: 'remove',
  pre_shared_key_proposal: 'pre-shared-key',
  re_init_proposal: 'reinit',
  external_init_proposal: 'external-init',
  group_context_extensions_proposal: 'group-context-extensions',
}
