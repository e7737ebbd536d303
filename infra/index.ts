/**
 * The exports of `latchkey/cdk`: the constructs and the types of their props.
 *
 * @module cdk
 */
export { latchkeyAccessLogFormat } from './accessLogFormat.ts';
export {
  ApiKeyAuthorizer,
  type AppSyncAuthorizerOptions,
  type HttpApiAuthorizerOptions,
  type RestApiAuthorizerOptions,
} from './apiKeyAuthorizer.ts';
export type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
export { ApiKeyMonitoring, type ApiKeyMonitoringProps } from './apiKeyMonitoring.ts';
export { ApiKeyTable, type ApiKeyTableProps, type IApiKeyTable } from './apiKeyTable.ts';
export type { HttpApiResponse, UsageIdentifier } from '../lambda/config.ts';
export type { KeySourceSetting } from '../lambda/keySources.ts';
export type { HttpApiPayloadFormat } from './authorizers.ts';
export { KeySource, type HeaderKeySourceOptions } from './keySource.ts';
export type { KeyPlans, PlanMapping, PlanProps } from './keyPlans.ts';
export type { ScopeMapping } from './propChecks.ts';
export type { ApplyPlansOptions } from './requireApiKeys.ts';
export type { UsagePlanSyncFunction } from './usagePlanSyncFunction.ts';
