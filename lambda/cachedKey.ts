import { type KeyRecord, publicRecord, type PublicRecord } from '../keys/record.ts';
import type { KeyHash } from '../keys/secret.ts';
import { type RecordTimes, timesOf } from '../keys/state.ts';
import type { Plans } from './plans.ts';
import type { OpenedRoutes, Scopes } from './scopes.ts';

/** Strings that the integration, the gateway responses and the access log receive from the authorizer. */
export type AuthorizerContext = Readonly<Record<string, string>>;

/**
 * A key as the record cache keeps it: its record and everything that answers derive from the record. It is made once for each read
 * of the table and frozen, because answers share its parts.
 */
export interface CachedKey extends RecordTimes {
  readonly keyHash: KeyHash;
  /** The record without its hash. */
  readonly record: PublicRecord;
  /** The context of every answer that allows the key. */
  readonly context: AuthorizerContext;
  /** Routes that the key's scopes open, or `undefined` if the key may use every route. */
  readonly scopes: OpenedRoutes | undefined;
  /** Value that API Gateway counts the key's requests by, or `undefined` if the deployment has no plans or lacks the key's. */
  readonly usageIdentifierKey: string | undefined;
  /** Name of the key's plan if the deployment has plans and lacks this one. */
  readonly unknownPlan: string | undefined;
}

/** The deployment's settings that a cached key depends on. */
export interface KeySettings {
  readonly scopes: Scopes;
  /** `undefined` if the deployment has no plans. */
  readonly plans: Plans | undefined;
}

/** Derives everything that answers need from a record of the table. The record itself isn't frozen or kept. */
export function toCachedKey(record: KeyRecord, { scopes, plans }: KeySettings): CachedKey {
  const ownRecord: PublicRecord = JSON.parse(JSON.stringify(publicRecord(record)));
  return deepFreeze({
    ...timesOf(ownRecord),
    keyHash: record.keyHash,
    record: ownRecord,
    context: toKeyContext(ownRecord),
    scopes: scopes.openedBy(ownRecord),
    usageIdentifierKey: plans?.identifierFor(ownRecord),
    unknownPlan: plans?.unknownPlanOf(ownRecord),
  });
}

/** Returns the context of an active key. A REST API accepts only strings; a field that the record lacks is left out. */
export function toKeyContext(record: PublicRecord): AuthorizerContext {
  const { id, keyPrefix, label, owner, scopes, plan, metadata, expiresAt } = record;
  return {
    keyId: id,
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
