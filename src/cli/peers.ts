import type { PeerList } from '../admin/requirements-api.ts'
import { agreementTexts } from './agreement-text.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'
import { utc } from './requirements-input.ts'

export const peersCommand: Command = {
  name: 'peers',
  summary: 'show what other providers require and what was agreed on',
  usage: `[--refresh] [--json] [--config FILE | --socket PATH]

  --refresh  ask each of them first what it publishes now`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      refresh: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const { requirements } = client
    const list = await (values.refresh ? requirements.refreshPeers() : requirements.listPeers())
    environment.out(peersText(list, values.json))
    return 0
  },
}

export const peersForgetCommand: Command = {
  name: 'peers forget',
  summary: 'trust the next document of a provider as its first',
  usage: `DOMAIN [--json] [--config FILE | --socket PATH]

For a provider that lost its keys or its history, after a word with its operator. Agreements stay, and
so does the proof of an equivocation.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['DOMAIN'])
    await using client = await connectControl(values, environment)
    const list = await client.requirements.forgetPeer(positionals[0] ?? '')
    environment.out(peersText(list, values.json))
    return 0
  },
}

function peersText(list: PeerList, json: boolean): string {
  if (json) return `${JSON.stringify(list)}\n`
  return list.peers.length === 0 ? 'no peers\n' : list.peers.map(peerText).join('')
}

function peerText(peer: PeerList['peers'][number]): string {
  const { domain, allowed, document, checkedAtMs, outcome, reason, evidence } = peer
  const held =
    document === undefined
      ? 'no document'
      : `document ${document.seq}, until ${utc(document.expiresAtMs)}`
  const checked =
    checkedAtMs === undefined
      ? 'not asked yet'
      : `${outcome}${reason === undefined ? '' : ` (${reason})`} at ${utc(checkedAtMs)}`
  const lines = [
    `${domain}  ${allowed ? 'served' : 'refused'}  ${held}  ${checked}\n`,
    ...agreementTexts(peer.agreements).map((text) => `  ${text}`),
    ...peer.apartAs.map(
      (role) => `  no common suite ${role === 'hub' ? 'in our rooms' : 'in its rooms'}\n`,
    ),
  ]
  if (evidence > 0) lines.push(`  ${evidence} documents prove an equivocation\n`)
  return lines.join('')
}
