import { LatchkeyError } from '../keys/errors.ts';
import { type NewKey, show } from '../keys/fields.ts';
import type { PublicRecord } from '../keys/record.ts';
import type { KeyChanges, RotateOptions } from '../keys/registry.ts';
import { readTime, toEpochMs, toTimestamp } from '../keys/timestamp.ts';
import type { OwnerCaller } from './caller.ts';
import type { OwnerRules } from './ownerRules.ts';
import { RequestProblem } from './problems.ts';

/** The fields that an owner may send. Everything else is refused, even with the value that the record has. */
export const OWNER_FIELDS = {
  create: ['label', 'scopes', 'plan', 'expiresAt', 'allowedIps'],
  update: ['label', 'scopes', 'plan', 'expiresAt', 'allowedIps'],
  rotate: ['graceSeconds', 'expiresAt'],
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
export type OwnersRecord = Pick<PublicRecord, (typeof OWNER_SEES)[number]>;

/** The fields of a body. The schemas have checked their shape. */
type Fields = Readonly<Record<string, unknown>>;

/** Returns the fields of a record that its owner sees. */
export function toOwnersRecord(record: PublicRecord): OwnersRecord {
  return Object.fromEntries(
    OWNER_SEES.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])),
  ) as unknown as OwnersRecord;
}

/**
 * Returns an owner's new key, with the defaults of the rules. The owner comes from the caller and never from the body.
 *
 * @throws LatchkeyError `INPUT_INVALID`, naming each field that the rules refuse. The registry checks the values
 */
export function toOwnersNewKey(body: object, { owner, rules }: OwnerCaller, nowMs: number): NewKey {
  const { scopes, plans, maxLifetimeSeconds } = rules;
  const given = withoutUndefined(body);
  const fields: Fields = {
    ...(scopes === undefined ? {} : { scopes }),
    ...(plans === undefined ? {} : { plan: plans[0] }),
    ...(maxLifetimeSeconds === undefined ? {} : { expiresAt: latestEnd(nowMs, maxLifetimeSeconds) }),
    ...given,
  };
  refuse([
    ...unknownFields(given, OWNER_FIELDS.create),
    ...ruleProblems(given, rules),
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
export function toOwnersChanges(body: object, record: PublicRecord, { rules }: OwnerCaller): KeyChanges {
  const given = withoutUndefined(body);
  const { expiresAt } = given as KeyChanges;
  refuse([
    ...unknownFields(given, OWNER_FIELDS.update),
    ...ruleProblems(given, rules),
    ...expiryProblems(expiresAt, toEpochMs(record.createdAt), rules),
  ]);
  const end = readTime(expiresAt, { dateAs: 'end' });
  if (record.rotatedTo !== undefined && end !== undefined && end > (record.expiresAt ?? '')) {
    const problem = `key ${record.id} was rotated, so its end can only come sooner`;
    throw new LatchkeyError('CONFLICT', problem, { keyId: record.id });
  }
  return given;
}

/**
 * Returns the options of an owner's rotation. The successor lives as long as the old key, but not longer than the rules
 * allow.
 *
 * @throws LatchkeyError `INPUT_INVALID`, naming each field that the rules refuse
 */
export function toOwnersRotation(
  body: object,
  record: PublicRecord,
  { rules }: OwnerCaller,
  nowMs: number,
): RotateOptions {
  const options = withoutUndefined(body) as unknown as RotateOptions;
  refuse([...unknownFields(options, OWNER_FIELDS.rotate), ...expiryProblems(options.expiresAt, nowMs, rules)]);
  const { maxLifetimeSeconds } = rules;
  if (maxLifetimeSeconds === undefined || options.expiresAt !== undefined) return options;
  const { createdAt, expiresAt } = record;
  const lifeMs = expiresAt === undefined ? Infinity : Math.max(0, toEpochMs(expiresAt) - toEpochMs(createdAt));
  return { ...options, expiresAt: latestEnd(nowMs, Math.min(maxLifetimeSeconds, lifeMs / 1000)) };
}

/**
 * Rejects an owner who enables a key that an operator disabled.
 *
 * @throws RequestProblem `FORBIDDEN`
 */
export function checkMayEnable({ disabledBy }: PublicRecord): void {
  const isOwnDecision = disabledBy === undefined || /^(owner|portal):/.test(disabledBy);
  if (!isOwnDecision)
    throw new RequestProblem('FORBIDDEN', 'an operator disabled this key: only an operator can enable it');
}

function unknownFields(given: object, known: readonly string[]): readonly string[] {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  return unknown.map((name) => `${show(name).slice(1, -1)}: expected only ${known.join(', ')}`);
}

function ruleProblems({ scopes, plan }: Fields, rules: OwnerRules): readonly string[] {
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

function withoutUndefined(body: object): Fields {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
