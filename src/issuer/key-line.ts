import type { TokenType } from '../privacypass/token-type.ts'
import type { TokenClass } from './token-class.ts'

/**
 * The successions of keys that an issuer may have, each for tokens of one class and type. What only the
 * issuer itself can check is for messages in its own rooms.
 */
export const keyLines = {
  message: { tokenClass: 'message', tokenType: 'blindRsa2048' },
  'first-contact': { tokenClass: 'first-contact', tokenType: 'blindRsa2048' },
  'message-0001': { tokenClass: 'message', tokenType: 'voprfP384' },
  'message-0005': { tokenClass: 'message', tokenType: 'voprfRistretto255' },
} as const satisfies Record<
  string,
  { readonly tokenClass: TokenClass; readonly tokenType: TokenType }
>
export type KeyLine = keyof typeof keyLines

/** Those of these types: type 0x0002 first, which is for everybody. */
export function keyLinesOf(types: Readonly<Partial<Record<TokenType, unknown>>>): KeyLine[] {
  return names.filter((line) => types[keyLines[line].tokenType] !== undefined)
}

const names = Object.keys(keyLines).filter((name): name is KeyLine => name in keyLines)
