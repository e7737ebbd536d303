import { LatchkeyError } from '../keys/errors.ts';
import { show } from '../keys/fields.ts';
import type { NewKey } from '../keys/fields.ts';
import type { PublicRecord } from '../keys/record.ts';
import type { KeyChanges, RotateOptions } from '../keys/registry.ts';
import { readTime, toEpochMs, toTimestamp } from '../keys/timestamp.ts';

/** What owners may do with their keys. */
export interface OwnerRules {
  /**
   * The scopes that an owner may give. Without a list, an owner's keys have no scopes, so they may do everything. A new
   * key gets all of them by default.
   */
  readonly scopes?: readonly string[] | undefined;
  /** The plans that an owner may choose. The first is the default. Without a list, an owner's new keys have no plan. */
  readonly plans?: readonly string[] | undefined;
  /** Maximum lifetime of a key in seconds. It's also the default. Without it, an owner's keys may live forever. */
  readonly maxLifetimeSeconds?: number | undefined;
  /** Maximum number of keys that an owner may have: active and disabled ones. Rotated keys don't count. */
  readonly maxKeysPerOwner: number;
}

/** The fields that an owner may send. Everything else is refused, even with the value that the record has. */
export const OWNER_FIELDS = {
  create: ['label', 'scopes', 'plan', 'expiresAt', 'allowedIps'],
  update: ['label', 'scopes', 'plan', 'expiresAt', 'allowedIps'],
  rotate: ['graceSeconds', 'expiresAt'],
  revoke: ['reason'],
} as const;

/** The fields of a record that its owner sees. Actors aren't among them, because an ARN has an account's id. */
export const OWNER_SEES = [
  'id',
  'label',
  'keyPrefix',
  'scopes',
  'plan',
  'allowedIps',
  'createdAt',
  'lastUsedAt',
  'expiresAt',
  'disabledAt',
  'revokedAt',
  'revokedReason',
  'rotatedFrom',
  'rotatedTo',
  'version',
] as const satisfies readonly (keyof PublicRecord)[];

/** A record as its owner sees it. */
export type OwnerRecord = Pick<PublicRecord, (typeof OWNER_SEES)[number]>;

type Body = Readonly<Record<string, unknown>>;

/** Returns the fields of a record that its owner sees. */
export function toOwnerRecord(record: PublicRecord): OwnerRecord {
  return Object.fromEntries(
    OWNER_SEES.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])),
  ) as unknown as OwnerRecord;
}

/**
 * Returns an owner's new key, with the defaults of the rules. The owner comes from the caller and never from the body.
 *
 * @throws LatchkeyError `INPUT_INVALID`, naming each field that the rules refuse. The registry checks the values
 */
export function toOwnerKey(body: Body, owner: string, rules: OwnerRules, nowMs: number): NewKey {
  const { scopes, plans, maxLifetimeSeconds } = rules;
  const fields: Body = {
    ...(scopes === undefined ? {} : { scopes }),
    ...(plans === undefined ? {} : { plan: plans[0] }),
    ...(maxLifetimeSeconds === undefined ? {} : { expiresAt: latestEnd(nowMs, maxLifetimeSeconds) }),
    ...withoutUndefined(body),
  };
  refuse([
    ...unknownFields(body, OWNER_FIELDS.create),
    ...ruleProblems(body, rules),
    ...expiryProblems(fields['expiresAt'], nowMs, rules),
  ]);
  return { ...(fields as unknown as NewKey), owner };
}

/**
 * Returns an owner's changes of a key. `null` removes a field. It can't remove a limit that the rules set.
 *
 * @throws LatchkeyError `INPUT_INVALID`, naming each field that the rules refuse; `CONFLICT` if a rotated key would end
 * later than its rotation has decided
 */
export function toOwnerChanges(body: Body, record: PublicRecord, rules: OwnerRules): KeyChanges {
  const { expiresAt } = body;
  refuse([
    ...unknownFields(body, OWNER_FIELDS.update),
    ...ruleProblems(body, rules),
    ...expiryProblems(expiresAt, toEpochMs(record.createdAt), rules),
  ]);
  const end = readTime(expiresAt, { dateAs: 'end' });
  if (record.rotatedTo !== undefined && end !== undefined && end > (record.expiresAt ?? '')) {
    const problem = `key ${record.id} was rotated, so its end can only come sooner`;
    throw new LatchkeyError('CONFLICT', problem, { keyId: record.id });
  }
  return withoutUndefined(body) as KeyChanges;
}

/**
 * Returns the options of an owner's rotation. The successor lives as long as the old key, but not longer than the rules
 * allow.
 *
 * @throws LatchkeyError `INPUT_INVALID`, naming each field that the rules refuse
 */
export function toOwnerRotation(body: Body, record: PublicRecord, rules: OwnerRules, nowMs: number): RotateOptions {
  refuse([...unknownFields(body, OWNER_FIELDS.rotate), ...expiryProblems(body['expiresAt'], nowMs, rules)]);
  const options = withoutUndefined(body) as unknown as RotateOptions;
  const { maxLifetimeSeconds } = rules;
  if (maxLifetimeSeconds === undefined || options.expiresAt !== undefined) return options;
  const { createdAt, expiresAt } = record;
  const lifeMs = expiresAt === undefined ? Infinity : Math.max(0, toEpochMs(expiresAt) - toEpochMs(createdAt));
  return { ...options, expiresAt: latestEnd(nowMs, Math.min(maxLifetimeSeconds, lifeMs / 1000)) };
}

/** @throws LatchkeyError `INPUT_INVALID`, naming each field that an owner may not send */
export function checkOwnerFields(body: Body, verb: keyof typeof OWNER_FIELDS): void {
  refuse(unknownFields(body, OWNER_FIELDS[verb]));
}

function unknownFields(body: Body, known: readonly string[]): readonly string[] {
  const unknown = Object.keys(body).filter((name) => !known.includes(name));
  return unknown.map((name) => `${show(name).slice(1, -1)}: expected only ${known.join(', ')}`);
}

function ruleProblems({ scopes, plan }: Body, rules: OwnerRules): readonly string[] {
  const problems: string[] = [];
  if (scopes !== undefined && !isSubset(scopes, rules.scopes)) {
    problems.push(`scopes: expected ${expectedOf(rules.scopes, 'a list of some of')}, got ${show(scopes)}`);
  }
  if (plan !== undefined && !(rules.plans ?? []).includes(plan as string)) {
    problems.push(`plan: expected ${expectedOf(rules.plans, 'one of')}, got ${show(plan)}`);
  }
  return problems;
}

/** Removing the scopes lets a key do everything, so `null` isn't a subset. */
function isSubset(scopes: unknown, allowed: readonly string[] | undefined): boolean {
  return allowed !== undefined && Array.isArray(scopes) && scopes.every((scope) => allowed.includes(scope));
}

function expectedOf(allowed: readonly string[] | undefined, of: string): string {
  return allowed === undefined ? 'nothing, because owners cannot set it here' : `${of} ${allowed.join(', ')}`;
}

/** An unreadable expiry has no problem here, because the registry reports it. */
function expiryProblems(expiresAt: unknown, fromMs: number, { maxLifetimeSeconds }: OwnerRules): readonly string[] {
  if (maxLifetimeSeconds === undefined || expiresAt === undefined) return [];
  const latest = latestEnd(fromMs, maxLifetimeSeconds);
  const end = readTime(expiresAt, { dateAs: 'end' });
  const isLate = expiresAt === null || (end !== undefined && end > latest);
  return isLate ? [`expiresAt: expected a time up to ${latest}, got ${show(expiresAt)}`] : [];
}

function latestEnd(fromMs: number, seconds: number): string {
  return toTimestamp(fromMs + seconds * 1000);
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));
}

function withoutUndefined(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
