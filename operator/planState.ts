import { type DeployedPlans, findPlan } from '../keys/deployedPlans.ts';
import type { KeyLimits, LimitedKey, QuotaUse } from '../keys/keyLimits.ts';
import { type LimitPeriod, type PlanLimits, windowAt } from '../keys/limits.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import { type Timestamp, toTimestamp } from '../keys/timestamp.ts';
import { explainFault } from './aws.ts';
import type { TableLocation } from './findTable.ts';

/** A quota of a key's plan. The counts and the end are absent if nothing is known about its use. */
export interface QuotaState {
  readonly per: PlanLimits['per'];
  readonly limit: number;
  readonly period: LimitPeriod;
  readonly used?: number;
  readonly remaining?: number;
  readonly resetsAt?: Timestamp;
}

/** A key's plan with what is left of it, for people and as JSON. */
export interface PlanState {
  readonly name: string;
  /** `false` if the deployment lacks the plan. Absent if the deployment's plans are unknown. */
  readonly isDeployed?: boolean;
  /** What enforces the plan. Absent if unknown. */
  readonly enforce?: 'gateway' | 'authorizer';
  /** Usually one. Several if the plan changed in the current window and the deployment's plans are unknown. */
  readonly quotas: readonly QuotaState[];
  /** `true` if the plan wasn't used in the current windows, so its limits are unknown. */
  readonly isUnused?: true;
  readonly throttle?: NonNullable<PlanLimits['throttle']>;
}

/** The table of a key, and its registry. */
interface PlanReader {
  readonly registry: KeyRegistry;
  readonly location: TableLocation;
  readonly nowMs: number;
}

/**
 * Reads the state of a key's plan, or returns `undefined` for a key without a plan. Reads the table of limits only if it
 * is known and the plan may be in it.
 *
 * @throws CliError `STORE_UNAVAILABLE`, with advice about the table of limits; LatchkeyError of `KeyRegistry.limits`
 */
export async function readPlanState(key: LimitedKey, reader: PlanReader): Promise<PlanState | undefined> {
  const { registry, location, nowMs } = reader;
  const { plans, limitsTableName } = location;
  const limits =
    limitsTableName !== undefined && mayBeCounted(key, plans)
      ? await registry.limits(key).catch((error: unknown) => {
          throw explainFault(error, { ...location, tableName: limitsTableName });
        })
      : undefined;
  return planStateOf(key, { plans, limits, nowMs });
}

/** Returns whether the table of limits may count the key's requests. Pass `undefined` if the plans are unknown. */
export function mayBeCounted({ plan }: Pick<LimitedKey, 'plan'>, plans: DeployedPlans | undefined): boolean {
  return plan !== undefined && (plans === undefined || findPlan(plans, plan)?.enforce === 'authorizer');
}

interface PlanSources {
  /** The key's counts. Absent if they weren't read. */
  readonly limits: KeyLimits | undefined;
  /** The deployment's plans. Absent if unknown. */
  readonly plans: DeployedPlans | undefined;
  readonly nowMs: number;
}

/** Returns the state of a key's plan, or `undefined` for a key without a plan. */
export function planStateOf(key: LimitedKey, { limits, plans, nowMs }: PlanSources): PlanState | undefined {
  const { plan: name, owner } = key;
  if (name === undefined) return undefined;
  if (plans === undefined) return describeCounts(name, limits);
  const plan = findPlan(plans, name);
  if (plan === undefined) return { name, isDeployed: false, quotas: [] };
  const { enforce, quota, throttle } = plan;
  // A key without an owner counts by itself.
  const per = plan.per === 'owner' && owner === undefined ? 'key' : plan.per;
  const state = { name, isDeployed: true, enforce, ...(throttle && { throttle }) };
  if (quota === undefined) return { ...state, quotas: [] };
  const defined = { per, ...quota };
  if (enforce === 'gateway' || limits === undefined) return { ...state, quotas: [defined] };
  // The count of a key goes on if its plan changes, so the plan of the last request doesn't matter.
  const found = limits.quotas.find((count) => count.per === per && count.period === quota.period);
  const used = found?.used ?? 0;
  const resetsAt = toTimestamp(windowAt(quota.period, nowMs).endsAtMs);
  return { ...state, quotas: [{ ...defined, used, remaining: Math.max(0, quota.limit - used), resetsAt }] };
}

/** Describes a plan of an unknown deployment by the counts of its last requests. */
function describeCounts(name: string, limits: KeyLimits | undefined): PlanState {
  const quotas = limits?.quotas.filter(({ plan }) => plan === name).map(toQuotaState) ?? [];
  const [throttle] = limits?.throttles ?? [];
  if (quotas.length === 0 && throttle === undefined) {
    return { name, quotas, ...(limits !== undefined && { isUnused: true }) };
  }
  const { rateLimit, burstLimit } = throttle ?? {};
  return {
    name,
    enforce: 'authorizer',
    quotas,
    ...(rateLimit !== undefined && burstLimit !== undefined && { throttle: { rateLimit, burstLimit } }),
  };
}

function toQuotaState({ per, limit, period, used, remaining, resetsAt }: QuotaUse): QuotaState {
  return { per, limit, period, used, remaining, resetsAt };
}
