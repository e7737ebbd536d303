/**
 * The exports of `latchkey/cdk`: the constructs and the types of their props.
 *
 * @module cdk
 */
export { ApiKeyAccessLogFormat, latchkeyAccessLogFormat } from './accessLogFormat.ts';
export { ApiKeyAuthorizer } from './apiKeyAuthorizer.ts';
export type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
export { ApiKeyEvents, type ApiKeyEventsProps } from './apiKeyEvents.ts';
export {
  ApiKeyLimits,
  type ApiKeyLimitsAttributes,
  type ApiKeyLimitsProps,
  type IApiKeyLimits,
} from './apiKeyLimits.ts';
export { KeyManagementApi } from './keyManagementApi.ts';
export type { KeyManagementApiProps, OwnerAccess, OwnerRules, PortalProps } from './keyManagementProps.ts';
export { ApiKeyMonitoring, type ApiKeyMonitoringProps } from './apiKeyMonitoring.ts';
export { ApiKeyTable, type ApiKeyTableAttributes, type ApiKeyTableProps, type IApiKeyTable } from './apiKeyTable.ts';
export { type ApiAccessLog, ApiKeyUsage, type ApiKeyUsageProps } from './apiKeyUsage.ts';
export type { ExternalKeys } from '../keys/secret.ts';
export type { HttpApiResponse, OnLimit, OnLimiterFailure, UsageIdentifier } from '../lambda/config.ts';
export type { KeySourceSetting } from '../lambda/keySources.ts';
export type { HttpApiPayloadFormat } from './authorizers.ts';
export type { GatewayResponsesOptions } from './gatewayResponses.ts';
export type {
  AppSyncAuthorizerOptions,
  HttpApiAuthorizerOptions,
  IApiKeyAuthorizer,
  RestApiAuthorizerOptions,
} from './iApiKeyAuthorizer.ts';
export type { ApiKeyAuthorizerAttributes } from './importedApiKeyAuthorizer.ts';
export { KeySource, type HeaderKeySourceOptions } from './keySource.ts';
export type { KeyPlans } from './keyPlans.ts';
export { LimitPeriod, type PlanMapping, type PlanProps, type PlanQuota } from './planProps.ts';
export type { ScopeMapping } from './propChecks.ts';
export type { ApplyPlansOptions } from './requireApiKeys.ts';
export type { DefinedApi, SecuritySchemeOptions } from './securityScheme.ts';
export type { UsagePlanSyncFunction } from './usagePlanSyncFunction.ts';
