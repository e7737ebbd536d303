/**
 * The module `latchkey/testing`. It provides keys, events and an authorizer for the tests of an application behind
 * Latchkey.
 *
 * @module testing
 */
export type {
  KeyChangeDetail,
  KeyCreatedDetail,
  KeyEventBasis,
  KeyEventDetail,
  KeyEventDetails,
  KeyEventType,
  KeyExpiringDetail,
  KeyPurgedDetail,
  KeyRevokedDetail,
  KeyRotatedDetail,
  KeyUnusedDetail,
  QuotaNearlySpentDetail,
  TrackedChange,
  TrackedField,
  TrackedValue,
} from '../keys/keyEvent.ts';
export type { UseOutcome } from '../keys/reader.ts';
export type { PlanOptions } from '../lambda/verifier.ts';
export type { AuthorizerContext } from '../lambda/cachedKey.ts';
export type { Handler, InvocationContext } from '../lambda/createHandler.ts';
export {
  appSyncEvent,
  eventApiEvent,
  type EventApiOperation,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from './authorizerEvents.ts';
export { createTestAuthorizer, type TestAuthorizer, type TestAuthorizerOptions } from './createTestAuthorizer.ts';
export { createTestKey, type TestKey, type TestKeyFields, type TestKeyOptions } from './createTestKey.ts';
export { createTestKeyEvent, type KeyEventBridgeEvent } from './createTestKeyEvent.ts';
export { keyEventSchemas } from './keyEventSchemas.ts';
export {
  appSyncIdentity,
  httpApiIntegrationEvent,
  httpApiV1IntegrationEvent,
  restIntegrationEvent,
  webSocketConnectEvent,
  webSocketMessageEvent,
  type RestAuthorizerContext,
} from './integrationEvents.ts';
export type { TestLimits } from './memoryLimits.ts';
export type { MemoryLookup } from './memoryLookup.ts';
export type { IntegrationRequest, TestRequest } from './request.ts';
