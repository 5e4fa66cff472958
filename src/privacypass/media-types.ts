/** Media types of RFC 9578 §8.3, draft-ietf-privacypass-batched-tokens §9.2 and draft-ietf-privacypass-arc-protocol-00 §10.2. */
export const mediaTypes = {
  issuerDirectory: 'application/private-token-issuer-directory',
  tokenRequest: 'application/private-token-request',
  tokenResponse: 'application/private-token-response',
  genericBatchRequest: 'application/private-token-generic-batch-request',
  genericBatchResponse: 'application/private-token-generic-batch-response',
  amortizedBatchRequest: 'application/private-token-amortized-batch-request',
  amortizedBatchResponse: 'application/private-token-amortized-batch-response',
  credentialRequest: 'application/private-credential-request',
  credentialResponse: 'application/private-credential-response',
} as const
