import { createHash } from 'node:crypto';
import { isPlanName, PLAN_EXPECTED } from '../keys/fields.ts';
import type { KeyRecord } from '../keys/record.ts';

/** What is wanted of the plans, for messages. */
export const PLANS_EXPECTED =
  'a JSON object of a namespace of 16 hex digits, and of lists perKey and shared in which no plan stands twice, each ' +
  PLAN_EXPECTED;

interface PlanLists {
  readonly namespace: string;
  /** Plans that limit each key by itself. */
  readonly perKey: ReadonlySet<string>;
  /** Plans that limit all their keys together. */
  readonly shared: ReadonlySet<string>;
}

/** The plans of the deployment, and what API Gateway counts each key's requests by. */
export class Plans {
  readonly #lists: PlanLists;

  constructor(lists: PlanLists) {
    this.#lists = lists;
  }

  /** What `parse` reads, of plans by name: each limits its keys by themselves unless it is shared. */
  static textOf(plans: Readonly<Record<string, { readonly shared?: boolean }>>, namespace: string): string {
    const names = (isShared: boolean) =>
      Object.keys(plans).filter((name) => (plans[name]?.shared === true) === isShared);
    return JSON.stringify({ namespace, perKey: names(false), shared: names(true) });
  }

  /** Reads JSON of `namespace`, `perKey` and `shared`, or `undefined` where it has another shape or a name is none. */
  static parse(text: string): Plans | undefined {
    const { namespace, perKey, shared, ...others } = readMembers(text);
    if (typeof namespace !== 'string' || !/^[0-9a-f]{16}$/.test(namespace)) return undefined;
    if (!isNames(perKey) || !isNames(shared) || Object.keys(others).length > 0) return undefined;
    if (new Set([...perKey, ...shared]).size < perKey.length + shared.length) return undefined;
    return new Plans({ namespace, perKey: new Set(perKey), shared: new Set(shared) });
  }

  /** What of the JSON cannot be read: the names that are wrong, or all of it where something else is. */
  static unreadableOf(text: string): string {
    const { perKey, shared } = readMembers(text);
    const names: readonly unknown[] = [perKey, shared].flatMap((list) => (Array.isArray(list) ? list : []));
    const wrong = names.filter((name) => !isPlanName(name));
    return wrong.length > 0 ? JSON.stringify(wrong) : text;
  }

  /**
   * What API Gateway counts the key's requests by; `undefined` where the deployment lacks the key's plan, so that API Gateway
   * refuses it and a slip of the pen limits too much, never too little.
   */
  identifierOf({ id, plan }: Pick<KeyRecord, 'id' | 'plan'>): string | undefined {
    const { namespace, perKey, shared } = this.#lists;
    if (plan === undefined) return usageIdentifier(namespace, { kind: 'unplanned' });
    if (perKey.has(plan)) return usageIdentifier(namespace, { kind: 'key', id });
    return shared.has(plan) ? usageIdentifier(namespace, { kind: 'plan', name: plan }) : undefined;
  }

  /** The key's plan where the deployment lacks it. */
  unknownOf({ plan }: Pick<KeyRecord, 'plan'>): string | undefined {
    const { perKey, shared } = this.#lists;
    return plan === undefined || perKey.has(plan) || shared.has(plan) ? undefined : plan;
  }
}

/** What is no JSON, or none of an object, has none of the members that are wanted. */
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

/** What API Gateway counts requests of: one key, all keys of a plan, or all keys of no plan. */
export type Counted =
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'plan'; readonly name: string }
  | { readonly kind: 'unplanned' };

/**
 * What the authorizer tells API Gateway to count a request by: the value of an API key of API Gateway's own. It is made of what
 * is counted and of the deployment's namespace, and holds nothing of a secret. AWS wants 20 to 128 letters and digits, unlike
 * every other value of the account and Region ("Usage plans and API keys for REST APIs"); these are the 64 hex digits of a SHA-256.
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
