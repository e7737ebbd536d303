import { shownKeyPrefix } from './acceptedKeys.ts';
import { type Change, conflict, isAbsent, revokedRefusal } from './changes.ts';
import { LatchkeyError } from './errors.ts';
import { findProblem, type NewKey, show } from './fields.ts';
import { copyJson } from './json.ts';
import { rootIdOf } from './limits.ts';
import type { KeyRecord } from './record.ts';
import type { KeySecret } from './secret.ts';
import { keyState } from './state.ts';
import { getPurgeAfter, type Timestamp, toEpochMs, toTimestamp } from './timestamp.ts';

/** Options of `KeyRegistry.rotate` and `KeyRegistry.prepareRotation`. */
export interface RotateOptions {
  /** The grace period of the old key: whole seconds, up to ten years. The old key never works past its own expiry. */
  readonly graceSeconds: number;
  /**
   * The successor's expiry, in the format of a `NewKey`. The successor never expires if the value is `null`.
   *
   * @default - the old key's lifetime, from its issue to its current expiry; never if the old key doesn't expire
   */
  readonly expiresAt?: string | null | undefined;
  /**
   * The successor's prefix, such as `sk_live_`. It must be one of the deployment's `keyPrefixes`.
   *
   * @default - the old key's prefix, or the registry's `prefix` if the deployment doesn't issue the old one
   */
  readonly prefix?: string | undefined;
}

/** A rotation that isn't stored yet. */
export interface PreparedRotation {
  /** The successor's secret. Latchkey doesn't keep a copy. Show the key once, then discard it. */
  readonly secret: KeySecret;
  /** The successor's record. */
  readonly record: KeyRecord;
  /** The old key's record from before the rotation. */
  readonly previous: KeyRecord;
  /** The time when the old key expires. */
  readonly previousEndsAt: Timestamp;
}

/** A stored rotation. */
export interface Rotation {
  /** The successor's secret. Latchkey doesn't keep a copy. Show the key once, then discard it. */
  readonly secret: KeySecret;
  /** The successor's record. */
  readonly record: KeyRecord;
  /** The old key's record after the rotation. */
  readonly previous: KeyRecord;
}

/** The maximum grace period: ten years. */
const MAX_GRACE_SECONDS = 3650 * 86_400;

/**
 * Checks the options of a rotation.
 *
 * @throws LatchkeyError `INPUT_INVALID`, with a list of every invalid option
 */
export function checkRotateOptions({ graceSeconds, expiresAt }: RotateOptions, nowMs: number): void {
  const isGrace = Number.isInteger(graceSeconds) && graceSeconds >= 0 && graceSeconds <= MAX_GRACE_SECONDS;
  const problems = [
    isGrace ? [] : `graceSeconds: expected a whole number from 0 to ${MAX_GRACE_SECONDS}, got ${show(graceSeconds)}`,
    expiresAt === undefined || expiresAt === null ? [] : (findProblem('expiresAt', expiresAt, nowMs) ?? []),
  ].flat();
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));
}

/**
 * Returns the error for a key that can't be rotated, or `undefined` if it can. Only an active key can be rotated, and
 * only once. A second successor would be missing from the chain.
 */
export function rotationRefusal(record: KeyRecord, nowMs: number): LatchkeyError | undefined {
  const { id, rotatedTo, expiresAt, disabledAt } = record;
  const revoked = revokedRefusal(record);
  if (revoked !== undefined) return revoked;
  if (rotatedTo !== undefined) return conflict(id, `was rotated already, to ${rotatedTo}`);
  const state = keyState(record, nowMs);
  if (state === 'expired') return conflict(id, `has expired, at ${expiresAt}`);
  if (state === 'disabled') return conflict(id, `was disabled, at ${disabledAt}: enable it first`);
  return undefined;
}

/** Returns the fields of the successor, except those of `getCopiedFields`. */
export function getSuccessorFields(previous: KeyRecord, { expiresAt }: RotateOptions, nowMs: number): NewKey {
  const { label, owner, plan, metadata } = previous;
  const ends = expiresAt === undefined ? sameLife(previous, nowMs) : (expiresAt ?? undefined);
  return { label, owner, plan, metadata, expiresAt: ends };
}

/**
 * Returns the successor's prefix: the old key's own if the deployment accepts it. A test key's successor is therefore
 * also a test key. An imported key gets the prefix of new keys.
 */
export function getSuccessorPrefix(previous: KeyRecord, { prefix, keyPrefixes }: SuccessorPrefixOptions): string {
  const own = shownKeyPrefix(previous);
  return own !== undefined && (keyPrefixes?.includes(own) ?? true) ? own : prefix;
}

interface SuccessorPrefixOptions {
  /** The prefix of new keys. */
  readonly prefix: string;
  /** The prefixes that the deployment accepts, if known. */
  readonly keyPrefixes?: readonly string[];
}

function sameLife({ id, createdAt, expiresAt }: KeyRecord, nowMs: number): string | undefined {
  if (expiresAt === undefined) return undefined;
  const lifeMs = toEpochMs(expiresAt) - toEpochMs(createdAt);
  if (lifeMs > 0 && nowMs + lifeMs < Date.UTC(10_000, 0)) return toTimestamp(nowMs + lifeMs);
  throw new LatchkeyError('INPUT_INVALID', `expiresAt: the successor can't live as long as key ${id}: pass an expiry`, {
    keyId: id,
  });
}

type CopiedFields = Pick<KeyRecord, 'scopes' | 'allowedIps' | 'rotatedFrom' | 'rootId'>;

/**
 * Returns the fields that the successor copies from the old key without a check. An older version may have stored a
 * scope that isn't valid any more. You must still be able to rotate that key.
 */
export function getCopiedFields(previous: KeyRecord): CopiedFields {
  const { id, scopes, allowedIps } = previous;
  const copied = {
    ...(scopes === undefined ? {} : { scopes: copyJson(scopes) }),
    ...(allowedIps === undefined ? {} : { allowedIps: copyJson(allowedIps) }),
  };
  // The successor goes on with the quota of the chain's first key.
  return { ...copied, rotatedFrom: id, rootId: rootIdOf(previous) };
}

/** Returns the time when the old key expires: after the grace period, or sooner at its own expiry. */
export function getPreviousEnd({ expiresAt }: KeyRecord, { graceSeconds }: RotateOptions, nowMs: number): Timestamp {
  const afterGrace = toTimestamp(nowMs + graceSeconds * 1000);
  return expiresAt !== undefined && expiresAt < afterGrace ? expiresAt : afterGrace;
}

/**
 * Creates the change that sets the expiry of the old key. The record must have the same version as when the successor
 * was generated. Otherwise, the successor could get a scope that was removed meanwhile.
 */
export function endChange({ record, previous, previousEndsAt }: PreparedRotation, nowMs: number): Change {
  return {
    operation: 'rotation',
    done: 'rotated',
    set: {
      rotatedTo: record.id,
      expiresAt: previousEndsAt,
      purgeAfter: getPurgeAfter(toEpochMs(previousEndsAt)),
    },
    conditions: [
      isAbsent('rotatedTo'),
      isAbsent('revokedAt'),
      isAbsent('disabledAt'),
      `(${isAbsent('expiresAt')} OR #expiresAt > :now)`,
    ],
    values: { now: toTimestamp(nowMs) },
    expectedVersion: previous.version ?? 0,
    isApplied: ({ rotatedTo }) => rotatedTo === record.id,
    isUnique: true,
    refusal: (refused) => rotationRefusal(refused, nowMs),
  };
}
