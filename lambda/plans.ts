import { createHash } from 'node:crypto';
import { isPlanName, PLAN_EXPECTED } from '../keys/fields.ts';
import type { KeyRecord } from '../keys/record.ts';

/** The expected format of the plans, for messages. */
export const PLANS_EXPECTED =
  'a JSON object of a namespace of 16 hex digits, and of lists perKey and shared in which no plan stands twice, each ' +
  PLAN_EXPECTED;

interface PlanLists {
  readonly namespace: string;
  /** Plans that limit each key separately. */
  readonly perKey: ReadonlySet<string>;
  /** Plans that limit all their keys together. */
  readonly shared: ReadonlySet<string>;
}

/** The plans of the deployment, and the value by which API Gateway counts each key's requests. */
export class Plans {
  readonly #lists: PlanLists;

  constructor(lists: PlanLists) {
    this.#lists = lists;
  }

  /** Formats plans by name as JSON for `parse`. A plan limits each of its keys separately unless it is shared. */
  static toText(plans: Readonly<Record<string, { readonly shared?: boolean }>>, namespace: string): string {
    const names = (isShared: boolean) =>
      Object.keys(plans).filter((name) => (plans[name]?.shared === true) === isShared);
    return JSON.stringify({ namespace, perKey: names(false), shared: names(true) });
  }

  /**
   * Parses JSON of `namespace`, `perKey` and `shared`. Returns `undefined` if it has another shape or an invalid name.
   */
  static parse(text: string): Plans | undefined {
    const { namespace, perKey, shared, ...others } = readMembers(text);
    if (typeof namespace !== 'string' || !/^[0-9a-f]{16}$/.test(namespace)) return undefined;
    if (!isNames(perKey) || !isNames(shared) || Object.keys(others).length > 0) return undefined;
    if (new Set([...perKey, ...shared]).size < perKey.length + shared.length) return undefined;
    return new Plans({ namespace, perKey: new Set(perKey), shared: new Set(shared) });
  }

  /** Returns the invalid names in the JSON, or the whole string if another part is invalid. */
  static invalidPartOf(text: string): string {
    const { perKey, shared } = readMembers(text);
    const names: readonly unknown[] = [perKey, shared].flatMap((list) => (Array.isArray(list) ? list : []));
    const invalid = names.filter((name) => !isPlanName(name));
    return invalid.length > 0 ? JSON.stringify(invalid) : text;
  }

  /**
   * Returns the value by which API Gateway counts the key's requests. Returns `undefined` if the key's plan isn't among
   * the deployment's plans. API Gateway rejects requests without a value, so a misspelled plan fails closed.
   */
  identifierFor({ id, plan }: Pick<KeyRecord, 'id' | 'plan'>): string | undefined {
    const { namespace, perKey, shared } = this.#lists;
    if (plan === undefined) return usageIdentifier(namespace, { kind: 'unplanned' });
    if (perKey.has(plan)) return usageIdentifier(namespace, { kind: 'key', id });
    return shared.has(plan) ? usageIdentifier(namespace, { kind: 'plan', name: plan }) : undefined;
  }

  /** Returns the key's plan if it isn't among the deployment's plans. */
  unknownPlanOf({ plan }: Pick<KeyRecord, 'plan'>): string | undefined {
    const { perKey, shared } = this.#lists;
    return plan === undefined || perKey.has(plan) || shared.has(plan) ? undefined : plan;
  }
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
