import { isPlanName } from './fields.ts';

/** The periods of quotas. Each begins at a whole minute, hour, day, Monday or month in UTC. */
const PERIODS = ['minute', 'hour', 'day', 'week', 'month'] as const;
const COUNTED_TOGETHER = ['key', 'owner', 'plan'] as const;

/** The limits of a plan in a deployment, as the stack output `Plans` states them. */
export interface DeployedPlan {
  /** What refuses requests over a limit: API Gateway's usage plan, or the authorizer. */
  readonly enforce: 'gateway' | 'authorizer';
  /** The requests that count together: those of one key, of one owner, or of all the plan's keys. */
  readonly per: (typeof COUNTED_TOGETHER)[number];
  /** The average number of requests per second, and the largest burst. */
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };
  readonly quota?: { readonly limit: number; readonly period: (typeof PERIODS)[number] };
}

/** Plan name → limits. Look up a name with `findPlan`. */
export type DeployedPlans = Readonly<Record<string, DeployedPlan>>;

/** Returns the plan with that name. Returns `undefined` if the deployment lacks it. */
export function findPlan(plans: DeployedPlans, name: string): DeployedPlan | undefined {
  // A plan's name can be `constructor`.
  return Object.hasOwn(plans, name) ? plans[name] : undefined;
}

/**
 * Reads the parsed JSON of the stack output `Plans`: an object of a plan's name and `{ throttle?, quota?, per, enforce?
 * }`. A plan without `enforce` is enforced by the authorizer. Returns `undefined` if a part of it is invalid.
 */
export function readDeployedPlans(value: unknown): DeployedPlans | undefined {
  if (!isObject(value)) return undefined;
  const plans = Object.entries(value).map(([name, plan]) => [name, readPlan(plan)] as const);
  if (!plans.every(([name, plan]) => isPlanName(name) && plan !== undefined)) return undefined;
  return Object.fromEntries(plans) as DeployedPlans;
}

function readPlan(value: unknown): DeployedPlan | undefined {
  if (!isObject(value)) return undefined;
  const { enforce = 'authorizer', per, throttle, quota } = value;
  if ((enforce !== 'gateway' && enforce !== 'authorizer') || !isOneOf(COUNTED_TOGETHER, per)) return undefined;
  if (throttle !== undefined && !isThrottle(throttle)) return undefined;
  if (quota !== undefined && !isQuota(quota)) return undefined;
  return { enforce, per, ...(throttle && { throttle }), ...(quota && { quota }) };
}

function isThrottle(value: unknown): value is NonNullable<DeployedPlan['throttle']> {
  return isObject(value) && isLimit(value['rateLimit']) && isLimit(value['burstLimit']);
}

function isQuota(value: unknown): value is NonNullable<DeployedPlan['quota']> {
  return isObject(value) && isLimit(value['limit']) && isOneOf(PERIODS, value['period']);
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isOneOf<T extends string>(texts: readonly T[], value: unknown): value is T {
  return (texts as readonly unknown[]).includes(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
