/**
 * What `import … from 'latchkey'` gives: the registry, the verifier and what they deal in, with no CDK behind it.
 *
 * @module latchkey
 */
export * from './keys/index.ts';
export type { DenyCode } from './lambda/authorize.ts';
export type { Decision, DecisionOptions, KeyVerifier } from './lambda/verifier.ts';
export type { ClientOptions } from './lambda/client.ts';
export { createKeyVerifier, type KeyVerifierOptions } from './lambda/createKeyVerifier.ts';
