import type { DeployedPlan, DeployedPlans } from './deployedPlans.ts';
import { isPlanName } from './fields.ts';
import { LIMIT_PERIODS, type PlanLimits } from './limits.ts';

const COUNTED_TOGETHER: readonly PlanLimits['per'][] = ['key', 'owner', 'plan'];

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
  return isObject(value) && isLimit(value['limit']) && isOneOf(LIMIT_PERIODS, value['period']);
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
