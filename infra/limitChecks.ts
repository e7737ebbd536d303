import type { Construct } from 'constructs';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { ApiKeyLimits, type IApiKeyLimits } from './apiKeyLimits.ts';
import { plansEnforcedBy } from './planProps.ts';
import { type TableReference, tableReference } from './tableGrants.ts';

/** Returns whether the authorizer enforces a plan. Its function then needs a table of limits. */
export function hasLimits({ plans }: Pick<ApiKeyAuthorizerProps, 'plans'>): boolean {
  return Object.keys(plansEnforcedBy('authorizer', plans)).length > 0;
}

/** Returns the prop `limits`, or a new table if a plan needs one. */
export function provideLimits(scope: Construct, props: ApiKeyAuthorizerProps): IApiKeyLimits | undefined {
  return props.limits ?? (hasLimits(props) ? new ApiKeyLimits(scope, 'Limits') : undefined);
}

/**
 * Returns the reference to the table of limits for the function.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if the table is in another Region
 */
export function limitsReference(scope: Construct, { resource }: IApiKeyLimits): TableReference {
  const advice = 'quotas are per Region. Create an ApiKeyLimits in this stack, or omit the prop';
  return tableReference(scope, resource, { name: 'limits', advice });
}

/**
 * Returns the problems of props that don't go together with the plans: prop, expected value, actual value. Without a
 * plan that the authorizer enforces, a limit may lack its `enforce`.
 */
export function limitProblems(props: ApiKeyAuthorizerProps): readonly string[] {
  const { limits, onLimit, onLimiterFailure, resultsCacheTtl } = props;
  // The settings parser rejects a TTL above 0 that it knows.
  if (hasLimits(props)) return resultsCacheTtl?.isUnresolved() === true ? [NO_CACHE_EXPECTED] : [];
  const unused = Object.entries({ limits, onLimit, onLimiterFailure }).filter(([, value]) => value !== undefined);
  return unused.map(([prop]) => `${prop}: expected a plan with enforce: 'authorizer' in plans, got none`);
}

const NO_CACHE_EXPECTED =
  'resultsCacheTtl: expected 0, because the authorizer enforces a plan, got a TTL that only the deployment knows: a request with a ' +
  'cached response would not be counted';
