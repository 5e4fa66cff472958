/** Bounds of everything in an MLS message that has a length or a count of its own choosing. */
export const groupIdBytesMax = 1_024
export const authenticatedDataBytesMax = 262_144
/** The largest digest of RFC 9420 §17.1 is SHA-512. */
export const hashBytesMax = 64
/** ML-KEM-1024 and ML-DSA-87 keys fit. */
export const publicKeyBytesMax = 4_096
/** ML-DSA-87 signatures fit. */
export const signatureBytesMax = 8_192
export const identityBytesMax = 65_536
export const certificateCountMax = 32
/** Versions, cipher suites, extension, proposal and credential types in one list. */
export const typeCountMax = 256
export const extensionCountMax = 64
/** A ratchet tree of 65,536 members with small credentials is some 16 MiB. */
export const extensionBytesMax = 16_777_216
export const proposalCountMax = 4_096
export const handshakeBytesMax = 16_777_216
/** A tree of 2^31 leaves is the largest that MLS can number. */
export const pathLengthMax = 32
export const hpkeOutputBytesMax = 4_096
export const hpkeCiphertextBytesMax = 65_536
export const welcomeSecretCountMax = 4_096
export const senderDataBytesMax = 1_024
/** An application message's ciphertext, an application proposal's data. */
export const ciphertextBytesMax = 16_777_216
export const treeNodeCountMax = 131_072
export const componentCountMax = 64
/** Ids in one list of components: those that a client supports, or a group requires. */
export const componentListCountMax = 256
export const componentBytesMax = 1_048_576
export const externalSenderCountMax = 64
