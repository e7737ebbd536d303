import type { Period, ThrottleSettings } from 'aws-cdk-lib/aws-apigateway';

/**
 * The periods of a quota. API Gateway has `DAY`, `WEEK` and `MONTH`. The authorizer has all five. Its periods begin in
 * UTC, weeks on Mondays. You may also pass the CDK's `Period`.
 */
export const LimitPeriod = {
  MINUTE: 'MINUTE',
  HOUR: 'HOUR',
  DAY: 'DAY',
  WEEK: 'WEEK',
  MONTH: 'MONTH',
} as const;

/** A period of a quota, such as `MINUTE`. */
export type LimitPeriod = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH';

/** A number of requests in a period. */
export interface PlanQuota {
  /** The number of requests in each period, a whole number above 0. Required. */
  readonly limit?: number;

  /** The period. Required. `MINUTE` and `HOUR` require `enforce: 'authorizer'`. */
  readonly period?: Period | LimitPeriod;

  /**
   * The number of requests to subtract in the first period. Only plans that API Gateway enforces may have it.
   *
   * @default 0
   */
  readonly offset?: number;
}

/** The limits of one plan. API Gateway also counts the requests of a plan without limits. */
export interface PlanProps {
  /**
   * The request rate: `rateLimit` is the average per second. `burstLimit` is the maximum burst. Both are required.
   *
   * @default - the rate that the API allows
   */
  readonly throttle?: ThrottleSettings;

  /**
   * The number of requests in a `period`. `limit` and `period` are required.
   *
   * @default - unlimited
   */
  readonly quota?: PlanQuota;

  /**
   * Makes all keys of the plan share its limits. Otherwise, the limits apply to each key separately. A shared plan uses
   * one of the 10,000 API keys that API Gateway allows per account and Region. A plan that isn't shared uses one for
   * each Latchkey key. Plans that the authorizer enforces don't use any.
   *
   * @default false
   */
  readonly shared?: boolean;

  /**
   * The part that enforces the limits. API Gateway's limits are best effort, and only REST and WebSocket APIs have
   * them, after `applyPlans`. The authorizer's limits apply to every type of API, without `applyPlans`. It never allows
   * more requests than the quota in a Region. docs/limits.md compares both. The authorizer's limits must be known at
   * synthesis.
   *
   * @default 'gateway'
   */
  readonly enforce?: 'gateway' | 'authorizer';

  /**
   * The keys whose requests the authorizer counts together: a key and the keys that replaced it by rotation, or all keys
   * of one owner. A key without an owner has limits of its own. It requires `enforce: 'authorizer'`. For all keys of the
   * plan, set `shared` instead.
   *
   * @default 'key'
   */
  readonly per?: 'key' | 'owner';
}

/** Plan name → limits. */
export type PlanMapping = { readonly [name: string]: PlanProps };

/** The part that enforces a plan. */
export type PlanEnforcer = NonNullable<PlanProps['enforce']>;

/** Returns the plans that the enforcer enforces. JavaScript callers may pass plans that `planProblems` rejects later. */
export function plansEnforcedBy(enforcer: PlanEnforcer, plans: PlanMapping = {}): PlanMapping {
  const entries: readonly (readonly [string, PlanProps | null])[] = Object.entries(plans);
  return Object.fromEntries(
    entries.flatMap(([name, plan]) => (plan && (plan.enforce ?? 'gateway') === enforcer ? [[name, plan]] : [])),
  );
}
