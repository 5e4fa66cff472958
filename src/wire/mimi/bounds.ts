/** Elements of one vector, unless the vector has a bound of its own. */
export const elementCountMax = 1_024

/** Octets of one request body, and so of one vector in it. */
export const bodyBytesMax = 1_048_576

/** Octets of one ratchet tree, and of a body that carries one. */
export const treeBytesMax = 16_777_216

/** Octets of one signature, MAC, key or code; the largest are those of post-quantum signatures. */
export const keyBytesMax = 65_536

/** Octets of one piece of text that people read. */
export const textBytesMax = 65_536
