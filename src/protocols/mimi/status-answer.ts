import type { RawResponse } from '../../model/adapter.ts'
import type { StatusOutcome } from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'

/**
 * The answers of notify, consent and reportAbuse: a status and no body. Any 2xx is taken for the 201
 * of the draft. Throws `upstream-invalid` for 5xx and whatever is no answer.
 */
export function parseStatusAnswer({ status }: RawResponse): StatusOutcome {
  if (status >= 200 && status <= 299) return { kind: 'accepted' }
  if (status === 404) return { kind: 'notFound' }
  if (status >= 400 && status <= 499) return { kind: 'refused' }
  throw new GatewayError('upstream-invalid', { facts: { status } })
}

/** Never a body: what a problem document said may not travel on. draft-ietf-mimi-protocol-06 §5.5, §5.7, §5.9 */
export function statusAnswer({ kind }: StatusOutcome): RawResponse {
  return { status: statuses[kind], bytes: Buffer.alloc(0) }
}

const statuses: Readonly<Record<StatusOutcome['kind'], number>> = {
  accepted: 201,
  notFound: 404,
  refused: 403,
}
