import { type KeyRecord, publicRecord, type PublicRecord } from '../keys/record.ts';
import { type LimitSubject, rootIdOf } from '../keys/limits.ts';
import type { KeyHash } from '../keys/secret.ts';
import { type RecordTimes, timesOf } from '../keys/state.ts';
import { IpList } from './ipList.ts';
import type { Limiter } from './limiter.ts';
import type { Plans } from './plans.ts';
import type { OpenedRoutes, Scopes } from './scopes.ts';

/** Strings that the integration, the gateway responses and the access log receive from the authorizer. */
export type AuthorizerContext = Readonly<Record<string, string>>;

/**
 * A key in the record cache: its record, and the parts of a response that derive from the record. Each read of the
 * table creates a new one. It is frozen, because responses share its parts.
 */
export interface CachedKey extends RecordTimes {
  readonly keyHash: KeyHash;
  /** The record without its hash. */
  readonly record: PublicRecord;
  /** The context of every response that allows the key. */
  readonly context: AuthorizerContext;
  /** Routes that the key's scopes open, or `undefined` if the key may use every route. */
  readonly scopes: OpenedRoutes | undefined;
  /**
   * Value by which API Gateway counts the key's requests. It is `undefined` if the deployment doesn't have plans, or
   * doesn't have the key's plan.
   */
  readonly usageIdentifierKey: string | undefined;
  /** Name of the key's plan if it isn't among the deployment's plans. */
  readonly unknownPlan: string | undefined;
  /** Whether the authorizer enforces plans, and the key's plan isn't among them. A misspelled plan fails closed. */
  readonly isPlanUnavailable: boolean;
  /** The addresses from which the key works, or `undefined` if it works from everywhere. */
  readonly allowedIps: IpList | undefined;
  /** The requests that count together, or `undefined` if the authorizer doesn't limit the key. */
  readonly limitSubject: LimitSubject | undefined;
}

/** The deployment's settings that a cached key depends on. */
export interface KeySettings {
  readonly scopes: Scopes;
  /** The deployment's plans, or `undefined` if it doesn't have any. */
  readonly plans: Plans | undefined;
  /** The limiter, or `undefined` if the authorizer doesn't enforce a plan. */
  readonly limiter?: Pick<Limiter, 'subjectOf' | 'take'> | undefined;
}

/** Derives a cached key from a record of the table. The record itself isn't frozen or kept. */
export function toCachedKey(record: KeyRecord, { scopes, plans, limiter }: KeySettings): CachedKey {
  const ownRecord: PublicRecord = JSON.parse(JSON.stringify(publicRecord(record)));
  const unknownPlan = plans?.unknownPlanOf(ownRecord);
  return deepFreeze({
    ...timesOf(ownRecord),
    keyHash: record.keyHash,
    record: ownRecord,
    context: toKeyContext(ownRecord),
    scopes: scopes.openedBy(ownRecord),
    usageIdentifierKey: plans?.identifierFor(ownRecord),
    unknownPlan,
    isPlanUnavailable: unknownPlan !== undefined && limiter !== undefined,
    allowedIps: ownRecord.allowedIps && new IpList(ownRecord.allowedIps),
    limitSubject: limiter?.subjectOf(ownRecord),
  });
}

/**
 * Returns the context of an active key. It contains only strings, because REST APIs reject other types. It omits absent
 * fields.
 */
export function toKeyContext(record: PublicRecord): AuthorizerContext {
  const { id, keyPrefix, label, owner, scopes, plan, metadata, expiresAt } = record;
  const rootId = rootIdOf(record);
  return {
    keyId: id,
    ...(rootId === id ? {} : { rootId }),
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: scopes.join(' ') }),
    ...(plan === undefined ? {} : { plan }),
    ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** Freezes the value and everything in it, and returns it. The value must not contain a cycle. */
export function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) deepFreeze(member);
  return Object.freeze(value);
}
