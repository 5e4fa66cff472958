/** Milliseconds since the Unix epoch. A parameter everywhere, so that tests own the time. */
export type Clock = () => number

/** `bytes` random octets; `node:crypto` randomBytes in the product. */
export type Randomness = (bytes: number) => Buffer
