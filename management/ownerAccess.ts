import { LatchkeyError } from '../keys/errors.ts';
import { type NewKey, show } from '../keys/fields.ts';
import type { PublicRecord } from '../keys/record.ts';
import type { KeyChanges, RotateOptions } from '../keys/registry.ts';
import { readTime, toTimestamp } from '../keys/timestamp.ts';
import type { OwnerCaller } from './caller.ts';
import type { OwnerRules } from './ownerRules.ts';
import { RequestProblem } from './problems.ts';

/** The fields that an owner may set. */
const OWNER_FIELDS: readonly string[] = ['label', 'scopes', 'plan', 'expiresAt', 'allowedIps'];
const OWNER_ROTATION_FIELDS: readonly string[] = ['graceSeconds', 'expiresAt'];

/** The fields that an owner sees. Operators' metadata and actors stay hidden: an ARN contains an account id. */
const SHOWN_FIELDS = [
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

/** A key as its owner sees it. */
export type OwnersRecord = Pick<PublicRecord, (typeof SHOWN_FIELDS)[number]>;

/** Returns the fields of a key that its owner sees. */
export function toOwnersRecord(record: PublicRecord): OwnersRecord {
  const shown = SHOWN_FIELDS.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]]));
  return Object.fromEntries(shown) as OwnersRecord;
}

/**
 * Returns the fields of an owner's new key. Missing scopes, plan and expiry come from the rules.
 *
 * @throws LatchkeyError `INPUT_INVALID` for a field or a value that the owner may not set
 */
export function toOwnersNewKey(fields: NewKey, { owner, rules }: OwnerCaller, nowMs: number): NewKey {
  checkFields(fields, OWNER_FIELDS);
  checkValues(fields, rules, nowMs);
  const [defaultPlan] = rules.plans ?? [];
  const { maxLifetimeSeconds } = rules;
  return {
    ...(rules.scopes !== undefined && { scopes: rules.scopes }),
    ...(defaultPlan !== undefined && { plan: defaultPlan }),
    ...(maxLifetimeSeconds !== undefined && { expiresAt: toTimestamp(nowMs + maxLifetimeSeconds * 1000) }),
    ...withoutUndefined(fields),
    label: fields.label,
    owner,
  };
}

/**
 * Checks an owner's changes.
 *
 * @throws LatchkeyError `INPUT_INVALID` for a field or a value that the owner may not set
 */
export function toOwnersChanges(changes: KeyChanges, { rules }: OwnerCaller, nowMs: number): KeyChanges {
  checkFields(changes, OWNER_FIELDS);
  checkValues(changes, rules, nowMs);
  return changes;
}

/**
 * Returns the options of an owner's rotation. The successor never lives longer than the rules allow.
 *
 * @throws LatchkeyError `INPUT_INVALID` for a field or a value that the owner may not set
 */
export function toOwnersRotation(
  options: RotateOptions,
  record: PublicRecord,
  { rules }: OwnerCaller,
  nowMs: number,
): RotateOptions {
  checkFields(options, OWNER_ROTATION_FIELDS);
  checkValues({ expiresAt: options.expiresAt }, rules, nowMs);
  const { maxLifetimeSeconds } = rules;
  if (maxLifetimeSeconds === undefined || options.expiresAt !== undefined) return options;
  const latestMs = nowMs + maxLifetimeSeconds * 1000;
  const lifetimeMs =
    record.expiresAt === undefined ? Infinity : Date.parse(record.expiresAt) - Date.parse(record.createdAt);
  return { ...options, expiresAt: toTimestamp(Math.min(latestMs, nowMs + lifetimeMs)) };
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

function checkFields(fields: object, allowed: readonly string[]): void {
  const others = Object.keys(fields).filter((name) => !allowed.includes(name));
  if (others.length === 0) return;
  throw invalid(`body: expected only the fields ${allowed.join(', ')}, got ${others.map(show).join(', ')}`);
}

interface OwnersValues {
  readonly scopes?: readonly string[] | null | undefined;
  readonly plan?: string | null | undefined;
  readonly expiresAt?: string | null | undefined;
}

function checkValues({ scopes, plan, expiresAt }: OwnersValues, rules: OwnerRules, nowMs: number): void {
  const problems = [
    ...(scopes === undefined ? [] : scopeProblems(scopes, rules)),
    ...(plan === undefined ? [] : planProblems(plan, rules)),
    ...(expiresAt === undefined ? [] : expiryProblems(expiresAt, rules, nowMs)),
  ];
  if (problems.length > 0) throw invalid(problems.join('; '));
}

function scopeProblems(scopes: readonly string[] | null, { scopes: allowed }: OwnerRules): string[] {
  if (allowed === undefined) return [`scopes: expected no scopes, because this API has none, got ${show(scopes)}`];
  const wrong = scopes?.find((scope) => !allowed.includes(scope));
  if (scopes !== null && wrong === undefined) return [];
  return [`scopes: expected a list of ${allowed.join(', ')}, got ${scopes === null ? 'null' : show(wrong)}`];
}

function planProblems(plan: string | null, { plans }: OwnerRules): string[] {
  if (plans === undefined) return [`plan: expected no plan, because owners can't choose one, got ${show(plan)}`];
  return plan !== null && plans.includes(plan) ? [] : [`plan: expected one of ${plans.join(', ')}, got ${show(plan)}`];
}

function expiryProblems(expiresAt: string | null, { maxLifetimeSeconds }: OwnerRules, nowMs: number): string[] {
  if (maxLifetimeSeconds === undefined) return [];
  const latestMs = nowMs + maxLifetimeSeconds * 1000;
  const time = expiresAt === null ? undefined : readTime(expiresAt, { dateAs: 'end' });
  // The registry explains a text that isn't a time.
  if (expiresAt !== null && (time === undefined || Date.parse(time) <= latestMs)) return [];
  return [`expiresAt: expected a time until ${toTimestamp(latestMs)}, got ${show(expiresAt)}`];
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('INPUT_INVALID', message);
}
