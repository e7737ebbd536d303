/**
 * What `import … from 'latchkey/cdk'` gives: the constructs, and what their props are made of.
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
export { ApiKeyMonitoring } from './apiKeyMonitoring.ts';
export { ApiKeyTable, type ApiKeyTableProps, type IApiKeyTable } from './apiKeyTable.ts';
export type { HttpApiResponse } from '../lambda/config.ts';
export type { KeySourceSetting } from '../lambda/credentials.ts';
export type { KeyPlans } from './keyPlans.ts';
export type { UsagePlanSyncFunction } from './usagePlanSyncFunction.ts';
export type { ApplyPlansOptions } from './requireApiKeys.ts';
export type { HttpApiPayloadFormat } from './authorizers.ts';
export type { ScopeMapping } from './propChecks.ts';
export type { ApiKeyMonitoringProps } from './apiKeyMonitoringProps.ts';
export type { PlanMapping, PlanProps } from './planProps.ts';
