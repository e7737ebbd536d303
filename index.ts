/**
 * The entry point `latchkey`: the registry, the verifier and their types. It doesn't import the CDK.
 *
 * @module latchkey
 */
export * from './keys/index.ts';
export type { DenyCode } from './lambda/authorize.ts';
export type { Decision, DecisionOptions, KeyVerifier } from './lambda/verifier.ts';
export type { ClientOptions } from './lambda/client.ts';
export { createKeyVerifier, type KeyVerifierOptions } from './lambda/createKeyVerifier.ts';
