/** Which reports go to Coop with what they say: none, those whose reporter agreed to it, or all. */
export const coopContents = ['never', 'consented', 'always'] as const
export type CoopContent = (typeof coopContents)[number]
