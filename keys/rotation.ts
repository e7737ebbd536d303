import { areAsRead, conflict, isAbsent, revokedRefusal, type Change } from './changes.ts';
import { LatchkeyError } from './errors.ts';
import { copyJson } from './json.ts';
import { type NewKey, problemOf, show } from './fields.ts';
import { purgeAfter, type Timestamp, toEpochMs, toTimestamp } from './timestamp.ts';
import { keyState } from './state.ts';
import type { KeyRecord } from './record.ts';
import type { KeySecret } from './secret.ts';

/** How a key is rotated. */
export interface RotateOptions {
  /** How long the old key still works beside its successor, in whole seconds; never past its own expiry. */
  readonly graceSeconds: number;
  /**
   * The successor's expiry, as of a `NewKey`; `null` for none.
   *
   * @default - it lives as long from now as the old key does from its issue to its expiry, as that stands; where it has
   * none, neither has the successor
   */
  readonly expiresAt?: string | null | undefined;
}

/** A rotation that is drawn, and of which nothing is written yet. */
export interface PreparedRotation {
  /** The successor's. In no other place: show it once and drop it. */
  readonly secret: KeySecret;
  /** The successor's. */
  readonly record: KeyRecord;
  /** The old key as it was read. */
  readonly previous: KeyRecord;
  /** When the old key ends. */
  readonly previousEndsAt: Timestamp;
}

/** A rotation that was made. */
export interface Rotation {
  /** The successor's. In no other place: show it once and drop it. */
  readonly secret: KeySecret;
  /** The successor's. */
  readonly record: KeyRecord;
  /** The old key as the rotation left it. */
  readonly previous: KeyRecord;
}

/** Ten years. */
const MAX_GRACE_SECONDS = 3650 * 86_400;

/**
 * Checks what is asked of a rotation.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function checkRotateOptions({ graceSeconds, expiresAt }: RotateOptions, nowMs: number): void {
  const isGrace = Number.isInteger(graceSeconds) && graceSeconds >= 0 && graceSeconds <= MAX_GRACE_SECONDS;
  const problems = [
    isGrace ? [] : `graceSeconds: got ${show(graceSeconds)}, wanted a whole number from 0 to ${MAX_GRACE_SECONDS}`,
    expiresAt === undefined || expiresAt === null ? [] : (problemOf('expiresAt', expiresAt, nowMs) ?? []),
  ].flat();
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));
}

/** Returns the fields that the successor is issued with, except the scopes (see `takenOver`). */
export function successorOf(previous: KeyRecord, { expiresAt }: RotateOptions, nowMs: number): NewKey {
  const { label, owner, plan, metadata } = previous;
  const ends = expiresAt === undefined ? sameLife(previous, nowMs) : (expiresAt ?? undefined);
  return { label, owner, plan, metadata, expiresAt: ends };
}

/**
 * Returns the fields that the successor copies from the old key unchecked. An older version may have stored a scope that is
 * rejected today, and the key must still be rotatable.
 */
export function takenOver({ id, scopes }: KeyRecord): Pick<KeyRecord, 'scopes' | 'rotatedFrom'> {
  return { ...(scopes === undefined ? {} : { scopes: copyJson(scopes) }), rotatedFrom: id };
}

/** When the old key ends: after the grace period, but never later than it would have anyway. */
export function endOf({ expiresAt }: KeyRecord, { graceSeconds }: RotateOptions, nowMs: number): Timestamp {
  const afterGrace = toTimestamp(nowMs + graceSeconds * 1000);
  return expiresAt !== undefined && expiresAt < afterGrace ? expiresAt : afterGrace;
}

/**
 * Why a key cannot be rotated; `undefined` where it can. Only an active one can, and once: a second successor would be one
 * that the chain does not name.
 */
export function rotationRefusal(record: KeyRecord, nowMs: number): LatchkeyError | undefined {
  const { id, rotatedTo, expiresAt, disabledAt } = record;
  const revoked = revokedRefusal(record);
  if (revoked !== undefined) return revoked;
  if (rotatedTo !== undefined) return conflict(id, `was rotated already, to ${rotatedTo}`);
  const state = keyState(record, nowMs);
  if (state === 'expired') return conflict(id, `has expired, at ${expiresAt}`);
  if (state === 'disabled') return conflict(id, `is disabled, since ${disabledAt}: enable it first`);
  return undefined;
}

/**
 * Ends the old key in favour of its successor. What the successor took over must be as it was read: a scope that was taken
 * away meanwhile, or an expiry brought forward, must not come back by the rotation.
 */
export function ending({ record, previous, previousEndsAt }: PreparedRotation, nowMs: number): Change {
  const kept = areAsRead(['label', 'owner', 'plan', 'expiresAt', 'scopes'], previous);
  return {
    operation: 'rotation',
    done: 'rotated',
    set: {
      rotatedTo: record.id,
      expiresAt: previousEndsAt,
      purgeAfter: purgeAfter(toEpochMs(previousEndsAt)),
    },
    conditions: [
      isAbsent('rotatedTo'),
      isAbsent('revokedAt'),
      isAbsent('disabledAt'),
      `(${isAbsent('expiresAt')} OR #expiresAt > :now)`,
      ...kept.conditions,
    ],
    names: kept.names,
    values: { ...kept.values, now: toTimestamp(nowMs) },
    isIn: ({ rotatedTo }) => rotatedTo === record.id,
    isUnique: true,
    refusal: (refused) => rotationRefusal(refused, nowMs),
  };
}

function sameLife({ id, createdAt, expiresAt }: KeyRecord, nowMs: number): string | undefined {
  if (expiresAt === undefined) return undefined;
  const lifeMs = toEpochMs(expiresAt) - toEpochMs(createdAt);
  if (lifeMs > 0 && nowMs + lifeMs < Date.UTC(10_000, 0)) return toTimestamp(nowMs + lifeMs);
  throw new LatchkeyError('INPUT_INVALID', `expiresAt: the life of key ${id} is no measure, so give one`, {
    keyId: id,
  });
}
