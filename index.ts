/**
 * The entry point `latchkey`: the registry, the verifier, the authenticator and their types. It doesn't import the CDK
 * or a web framework.
 *
 * @module latchkey
 */
export * from './keys/index.ts';
export type { DenyCode, LimitRefusal } from './lambda/authorize.ts';
export type { LimitPolicy, LimitState } from './lambda/limiter.ts';
export type { Decision, DecisionOptions, KeyVerifier, PlanOptions, VerifyOptions } from './lambda/verifier.ts';
export type { ClientOptions } from './lambda/client.ts';
export {
  createLimiter,
  type LimitDecision,
  type LimitedContext,
  type LimiterSettings,
  type MessageLimiter,
} from './lambda/createLimiter.ts';
export { createKeyVerifier, type KeyVerifierOptions } from './lambda/createKeyVerifier.ts';
export type { AuthorizerContext } from './lambda/cachedKey.ts';
export type { KeySourceSetting } from './lambda/keySources.ts';
export type { AllowedRequest, AuthenticateOptions, Authentication, Authenticator } from './middleware/authenticate.ts';
export { createAuthenticator, type AuthenticatorOptions } from './middleware/createAuthenticator.ts';
export type { ErrorEnvelope, RefusalCode, RefusedRequest } from './middleware/refusal.ts';
export type { RequestLimit } from './middleware/requestLimit.ts';
export type { RequestParts } from './middleware/requestParts.ts';
export type { KeyRequirements } from './middleware/requirements.ts';
