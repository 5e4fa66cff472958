import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import { requestBlindRsaToken } from '../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaScheme } from '../../src/privacypass/blind-rsa/scheme.ts'
import { blindRsaIssuerKey } from '../../src/privacypass/blind-rsa/token-key.ts'
import { pseudonymChallenge, verifyAdmission } from '../../src/privacypass/pseudonym-certificate.ts'
import { epochStartSeconds } from '../../src/privacypass/pseudonym-epoch.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
  readPseudonymKey,
} from '../../src/privacypass/pseudonym-key.ts'
import { signSenderProof, verifySenderProof } from '../../src/privacypass/sender-proof.ts'
import { challengeBytes, challengeDigest } from '../../src/privacypass/token-challenge.ts'
import { createTokenScheme } from '../../src/privacypass/token-scheme.ts'
import { tokenBytes, tokenInputBytes } from '../../src/privacypass/token.ts'
import { voprfIssuerKey } from '../../src/privacypass/voprf/issuer-key.ts'
import {
  requestAmortizedTokens,
  requestVoprfToken,
} from '../../src/privacypass/voprf/request-tokens.ts'
import { issueToken } from '../../test/support/issuer-key.ts'
import { oprfGroups } from '../../test/support/oprf-groups.ts'
import { pinLoad } from '../processes.ts'
import { atLeast, quantile, report, type Section, type SectionRow } from './section.ts'
import { measureRoutes } from './token-routes.ts'

const home = parseProviderDomain('b.example')
const scope = {
  hub: parseProviderDomain('hub.example'),
  room: parseMimiUri('mimi://hub.example/r/clubhouse'),
  issuer: home,
}
const nowMs = Date.now()
const epochStart = epochStartSeconds(nowMs)
const challenge = challengeBytes(pseudonymChallenge(scope, epochStart))
const expectedChallenges = [{ digest: challengeDigest(challenge), context: epochStart }]
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const key = blindRsaIssuerKey(privateKey, home)
const BATCH = 32
const ROUNDS = 60
/** Rounds of the two that a bar compares. */
const COMPARED = 240
const WARM_UP = 15

report(await tokensSection())

/** What tokens, certificates and proofs cost a hub and an issuer. In µs of CPU. */
async function tokensSection(): Promise<Section> {
  const { checked, bare } = verification()
  const p384 = singles('voprfP384', 5)
  const ristretto = singles('voprfRistretto255', 100)
  const rows = [
    row('0x0002: checking a token', checked),
    row('the same signature, crypto.verify alone', bare),
    row('0x0002: signing blindly', signing()),
    row('admitting a pseudonym by its certificate', admitting()),
    row('checking the proof on a message', messageProof()),
    row('0x0001: checking a token', p384.checked),
    row('0x0001: issuing a token', p384.issued),
    row('0x0005: checking a token', ristretto.checked),
    row('0x0005: issuing a token alone', ristretto.issued),
    row(`0x0005: issuing a token, in batches of ${BATCH}`, batches()),
  ]
  // From here on this process is the load, and the server has the core that it had.
  pinLoad()
  const { plain, redeem } = await measureRoutes(privateKey, { challenge, epochStart })
  return {
    title: 'Tokens and pseudonyms',
    rows: [
      ...rows,
      row('a plain route of Fastify, per request', plain),
      row('the same route, redeeming and spending a token of 0x0002', redeem),
    ],
    bars: [
      atLeast('crypto.verify alone : checking a token of 0x0002', ratio(bare, checked), 0.9),
      atLeast('a plain route : one that redeems', ratio(plain, redeem), 0.3),
    ],
  }
}

function row(what: string, values: readonly number[]): SectionRow {
  return { what, unit: 'µs', median: quantile(values, 0.5), p99: quantile(values, 0.99) }
}

/** The median of the ratios within the same rounds. */
function ratio(upper: readonly number[], lower: readonly number[]): number {
  return quantile(
    upper.map((value, index) => value / (lower[index] ?? NaN)),
    0.5,
  )
}

/** Turn by turn, so that both meet the same noise. */
function verification() {
  const token = issueToken(key, challenge)
  const bytes = tokenBytes(token)
  const expected = { keys: [key.tokenKey], challenges: expectedChallenges }
  const spki = { key: key.tokenKey.publicKey, format: 'der', type: 'spki' } as const
  const publicKey = createPublicKey(spki)
  const message = tokenInputBytes(token)
  const check = () => blindRsaScheme.verify(blindRsaScheme.parse(bytes), expected).kind === 'valid'
  const bareCheck = () => verify('sha384', message, publicKey, token.authenticator)
  const checked: number[] = []
  const bare: number[] = []
  for (let round = 0; round < COMPARED + WARM_UP; round += 1) {
    const costs = [cost(400, check), cost(400, bareCheck)] as const
    if (round < WARM_UP) continue
    checked.push(costs[0])
    bare.push(costs[1])
  }
  return { checked, bare }
}

function signing(): readonly number[] {
  const { request } = requestBlindRsaToken({
    challenge,
    nonce: randomBytes(32),
    tokenKey: key.tokenKey,
    randomness: randomBytes,
  })
  return measure(40, () => blindRsaScheme.issue(request, [key]).kind === 'issued')
}

function certificate() {
  const pair = generatePseudonymKey()
  const nonce = pseudonymNonce(pair.publicKey)
  const admission = {
    token: tokenBytes(issueToken(key, challenge, nonce)),
    publicKey: pair.publicKey,
  }
  return { pair, nonce, admission }
}

function admitting(): readonly number[] {
  const { admission: shown } = certificate()
  const check = { scope, nowMs, schemes: { blindRsa2048: blindRsaScheme }, keys: [key.tokenKey] }
  return measure(150, () => verifyAdmission(shown, check).kind === 'admitted')
}

function messageProof(): readonly number[] {
  const { pair, nonce } = certificate()
  const publicKey = readPseudonymKey(pair.publicKey)
  if (publicKey === undefined) throw new Error('no key')
  const message = { ...scope, messageHash: randomBytes(32) }
  const signer = { privateKey: pair.privateKey, pseudonymId: pseudonymIdOf(nonce) }
  const proof = signSenderProof(signer, message, { epochStart, sequence: 1 })
  return measure(150, () => verifySenderProof(proof, publicKey, message))
}

function voprfKey(tokenType: keyof typeof oprfGroups) {
  const group = oprfGroups[tokenType]
  const secretKey = group.randomScalar(randomBytes)
  const issuerKey = voprfIssuerKey({ group, secretKey, issuer: home, randomness: randomBytes })
  const { publicKey } = issuerKey.tokenKey
  return { issuerKey, options: { group, challenge, publicKey, randomness: randomBytes } }
}

function singles(tokenType: keyof typeof oprfGroups, checks: number) {
  const { issuerKey, options } = voprfKey(tokenType)
  const scheme = createTokenScheme(tokenType)
  const pending = requestVoprfToken({ ...options, nonce: randomBytes(32) })
  const response = issuerKey.evaluate(pending.request)
  const token = response && pending.finalize(response)
  if (token === undefined) throw new Error('no token was issued')
  const bytes = tokenBytes(token)
  const expected = { keys: [issuerKey.tokenKey], challenges: expectedChallenges }
  return {
    checked: measure(checks, () => scheme.verify(scheme.parse(bytes), expected).kind === 'valid'),
    issued: measure(
      Math.ceil(checks / 5),
      () => scheme.issue(pending.request, [issuerKey]).kind === 'issued',
    ),
  }
}

/** Per token. */
function batches(): readonly number[] {
  const { issuerKey, options } = voprfKey('voprfRistretto255')
  const scheme = createTokenScheme('voprfRistretto255')
  const tokens = Array.from({ length: BATCH }, () => ({ ...options, nonce: randomBytes(32) }))
  const { request } = requestAmortizedTokens({ ...options, tokens })
  const issue = () => scheme.issueBatch(request, [issuerKey]).kind === 'issued'
  return measure(2, issue).map((micros) => micros / BATCH)
}

function measure(runs: number, work: () => boolean): readonly number[] {
  return Array.from({ length: ROUNDS + WARM_UP }, () => cost(runs, work)).slice(WARM_UP)
}

/** CPU of this process for one run, in µs. Runs take ten milliseconds together: the kernel counts roughly. */
function cost(runs: number, work: () => boolean): number {
  const before = process.cpuUsage()
  for (let run = 0; run < runs; run += 1) if (!work()) throw new Error('it did not succeed')
  const { user, system } = process.cpuUsage(before)
  return (user + system) / runs
}
