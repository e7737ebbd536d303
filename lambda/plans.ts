import { createHash } from 'node:crypto';
import { isPlanName, PLAN_EXPECTED } from '../keys/fields.ts';
import { LIMIT_PERIODS, type PlanLimits, type PlanLimitsByName } from '../keys/limits.ts';
import type { KeyRecord } from '../keys/record.ts';

/** The expected format of the plans, for messages. */
export const PLANS_EXPECTED =
  'a JSON object of a namespace of 16 hex digits, of lists perKey and shared, and of an object limits or none, in which ' +
  `no plan stands twice, each ${PLAN_EXPECTED}. An entry of limits has per (key, owner or plan) and at least one of ` +
  `throttle ({ rateLimit, burstLimit }) and quota ({ limit, period }), with a period of ${LIMIT_PERIODS.join(', ')}`;

interface PlanLists {
  readonly namespace: string;
  /** Plans that limit each key separately. */
  readonly perKey: ReadonlySet<string>;
  /** Plans that limit all their keys together. */
  readonly shared: ReadonlySet<string>;
  /** Plans that the authorizer enforces. They aren't usage plans of API Gateway. */
  readonly limits?: PlanLimitsByName | undefined;
}

/** A plan in the format of the construct. */
export interface PlanFields {
  readonly enforce?: string;
  readonly per?: string;
  readonly shared?: boolean;
  readonly throttle?: object;
  readonly quota?: object;
}

/** The plans of the deployment, and the value by which API Gateway counts each key's requests. */
export class Plans {
  readonly #lists: PlanLists;

  constructor(lists: PlanLists) {
    this.#lists = lists;
  }

  /**
   * Formats plans by name as JSON for `parse`. A plan limits each of its keys separately unless it is shared. `parse`
   * rejects the limits if the authorizer can't enforce them.
   */
  static toText(plans: Readonly<Record<string, PlanFields>>, namespace: string): string {
    const entries = Object.entries(plans);
    const gateway = entries.filter(([, plan]) => plan?.enforce !== 'authorizer');
    const names = (isShared: boolean) =>
      gateway.filter(([, plan]) => (plan?.shared === true) === isShared).map(([name]) => name);
    const limits = entries.filter(([, plan]) => plan?.enforce === 'authorizer');
    return JSON.stringify({
      namespace,
      perKey: names(false),
      shared: names(true),
      ...(limits.length === 0
        ? {}
        : { limits: Object.fromEntries(limits.map(([name, plan]) => [name, toLimits(plan)])) }),
    });
  }

  /**
   * Parses JSON of `namespace`, `perKey`, `shared` and `limits`. Returns `undefined` if it has another shape, an invalid
   * name or an invalid limit.
   */
  static parse(text: string): Plans | undefined {
    const { namespace, perKey, shared, limits = {}, ...others } = readMembers(text);
    if (typeof namespace !== 'string' || !/^[0-9a-f]{16}$/.test(namespace)) return undefined;
    if (!isNames(perKey) || !isNames(shared) || Object.keys(others).length > 0) return undefined;
    if (!isObject(limits) || !Object.entries(limits).every(isNamedLimits)) return undefined;
    const names = [...perKey, ...shared, ...Object.keys(limits)];
    if (new Set(names).size < names.length) return undefined;
    const limitsByName = limits as PlanLimitsByName;
    return new Plans({ namespace, perKey: new Set(perKey), shared: new Set(shared), limits: limitsByName });
  }

  /** Returns the invalid names and limits in the JSON, or the whole string if another part is invalid. */
  static invalidPartOf(text: string): string {
    const { perKey, shared, limits } = readMembers(text);
    const names: readonly unknown[] = [perKey, shared].flatMap((list) => (Array.isArray(list) ? list : []));
    const invalid = names.filter((name) => !isPlanName(name));
    if (invalid.length > 0) return JSON.stringify(invalid);
    const wrong = Object.entries(isObject(limits) ? limits : {}).filter((entry) => !isNamedLimits(entry));
    return wrong.length > 0 ? JSON.stringify(Object.fromEntries(wrong)) : text;
  }

  /** The limits that the authorizer enforces, by plan. */
  get limits(): PlanLimitsByName {
    return this.#lists.limits ?? NO_LIMITS;
  }

  /** Whether the authorizer enforces a plan. */
  get hasLimits(): boolean {
    return Object.keys(this.limits).length > 0;
  }

  /**
   * Returns the value by which API Gateway counts the key's requests. Returns `undefined` if the key's plan isn't among
   * the deployment's plans. API Gateway rejects requests without a value, so a misspelled plan fails closed.
   */
  identifierFor({ id, plan }: Pick<KeyRecord, 'id' | 'plan'>): string | undefined {
    const { namespace, perKey, shared } = this.#lists;
    // API Gateway doesn't limit the keys of a plan that the authorizer enforces.
    if (plan === undefined || this.#isLimited(plan)) return usageIdentifier(namespace, { kind: 'unplanned' });
    if (perKey.has(plan)) return usageIdentifier(namespace, { kind: 'key', id });
    return shared.has(plan) ? usageIdentifier(namespace, { kind: 'plan', name: plan }) : undefined;
  }

  /** Returns the key's plan if it isn't among the deployment's plans. */
  unknownPlanOf({ plan }: { readonly plan?: string | undefined }): string | undefined {
    const { perKey, shared } = this.#lists;
    const isKnown = plan === undefined || perKey.has(plan) || shared.has(plan) || this.#isLimited(plan);
    return isKnown ? undefined : plan;
  }

  #isLimited(plan: string): boolean {
    return Object.hasOwn(this.limits, plan);
  }
}

const NO_LIMITS: PlanLimitsByName = Object.freeze({});

/** Returns the limits as JSON. It keeps what doesn't fit, so that `parse` rejects it. */
function toLimits(plan: PlanFields): object {
  const { shared, per, throttle, quota, ...others } = plan;
  const period: unknown = Object(quota).period;
  return {
    ...others,
    enforce: undefined,
    ...(shared === true && per !== undefined ? { shared } : {}),
    throttle,
    quota: quota && { ...quota, period: typeof period === 'string' ? period.toLowerCase() : period },
    per: per ?? (shared === true ? 'plan' : 'key'),
  };
}

function isNamedLimits([name, limits]: readonly [string, unknown]): boolean {
  if (!isPlanName(name) || !isObject(limits)) return false;
  const { throttle, quota, per, ...others } = limits as Partial<Record<keyof PlanLimits, unknown>>;
  const hasLimit = throttle !== undefined || quota !== undefined;
  const isPer = per === 'key' || per === 'owner' || per === 'plan';
  return isThrottle(throttle) && isQuota(quota) && hasLimit && isPer && Object.keys(others).length === 0;
}

function isThrottle(value: unknown): boolean {
  if (value === undefined) return true;
  const { rateLimit, burstLimit, ...others } = Object(value);
  const isRate = typeof rateLimit === 'number' && rateLimit > 0 && Number.isFinite(rateLimit);
  return isRate && isCount(burstLimit) && Object.keys(others).length === 0;
}

function isQuota(value: unknown): boolean {
  if (value === undefined) return true;
  const { limit, period, ...others } = Object(value);
  return isCount(limit) && LIMIT_PERIODS.includes(period) && Object.keys(others).length === 0;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the members of a JSON object. Returns an empty object if the string isn't a JSON object. */
function readMembers(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isPlanName);
}

/** Requests that API Gateway counts together. They use one key, any key of one plan, or any key without a plan. */
export type Counted =
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'plan'; readonly name: string }
  | { readonly kind: 'unplanned' };

/**
 * Returns the value of an API Gateway API key: the 64 hex digits of a SHA-256. API Gateway counts requests by this
 * value. It depends on the counted group and on the deployment's namespace. It doesn't contain any part of a secret.
 * AWS requires 20 to 128 letters and digits, unique in the account and Region. See "Usage plans and API keys for REST
 * APIs".
 */
export function usageIdentifier(namespace: string, counted: Counted): string {
  return createHash('sha256')
    .update([namespace, counted.kind, nameOf(counted)].join('/'))
    .digest('hex');
}

function nameOf(counted: Counted): string {
  if (counted.kind === 'unplanned') return '';
  return counted.kind === 'key' ? counted.id : counted.name;
}
