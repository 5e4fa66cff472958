import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { epochSeconds } from '../privacypass/pseudonym-epoch.ts'
import type { CertificateStore } from './certificate-store.ts'

/** How many pseudonyms of a provider a room takes in an epoch. */
export interface CapOfProvider {
  readonly room: MimiUri
  readonly provider: ProviderDomain
  readonly pseudonymsMax: number
  /** Of the certificate. */
  readonly epochStart: number
}

interface ProviderCapsOptions {
  readonly certificates: Pick<CertificateStore, 'count'>
  readonly clock: Clock
}

/** The caps of rooms for their providers. Admissions under way count, so that many at once cannot exceed one. */
export class ProviderCaps {
  private readonly options: ProviderCapsOptions
  /** By epoch, room and provider. */
  private readonly admitting = new Map<string, number>()

  constructor(options: ProviderCapsOptions) {
    this.options = options
  }

  /** Does the work, which admits a pseudonym, where there is room. Throws `pseudonyms-exhausted`. */
  async within(
    { room, provider, pseudonymsMax, epochStart }: CapOfProvider,
    work: () => Promise<void>,
  ): Promise<void> {
    const { certificates, clock } = this.options
    const key = JSON.stringify([epochStart, room, provider])
    const underWay = this.admitting.get(key) ?? 0
    const admitted = certificates.count({ epochStart, room, provider })
    if (admitted + underWay >= pseudonymsMax) {
      const retryAfterMs = (epochStart + epochSeconds) * 1_000 - clock()
      throw new GatewayError('pseudonyms-exhausted', { retryAfterMs })
    }
    this.admitting.set(key, underWay + 1)
    try {
      await work()
    } finally {
      const left = (this.admitting.get(key) ?? 1) - 1
      if (left > 0) this.admitting.set(key, left)
      else this.admitting.delete(key)
    }
  }
}
