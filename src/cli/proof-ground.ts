import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InterferenceProof, ProofOptions, TaintProof } from '../proof/prove.ts'
import { neighbours, proveInterference, proveTaint } from '../proof/prove.ts'
import { recordSpans } from '../signals/span-recorder.ts'
import { createDevelopmentCertificates } from './development-certificates.ts'

/** What is proven: a suite under policies. */
export type ProofCase = Pick<ProofOptions, 'suite' | 'policies' | 'removed' | 'only'>

/** Certificates, directories and signals for proofs, which take place one after the other. */
export interface ProofGround extends AsyncDisposable {
  taint(proven: ProofCase): Promise<TaintProof>
  interference(proven: ProofCase): Promise<InterferenceProof>
}

/** Leaves nothing behind when it is disposed of. */
export async function openProofGround(startMs: number): Promise<ProofGround> {
  await using stack = new AsyncDisposableStack()
  const root = await mkdtemp(join(tmpdir(), 'postern-proof-'))
  stack.defer(() => rm(root, { recursive: true, force: true }))
  const spans = stack.use(recordSpans())
  const certificates = await createDevelopmentCertificates({
    directory: join(root, 'certificates'),
    domains: Object.values(neighbours),
    now: startMs,
  })
  let proofs = 0
  const optionsOf = async (proven: ProofCase): Promise<ProofOptions> => {
    proofs += 1
    const directory = join(root, String(proofs))
    await mkdir(directory)
    return { ...proven, directory, certificates, startMs, spans }
  }
  const owned = stack.move()
  return {
    taint: async (proven) => proveTaint(await optionsOf(proven)),
    interference: async (proven) => proveInterference(await optionsOf(proven)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
