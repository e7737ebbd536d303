import type { LimitPeriod } from './limits.ts';
import type { Timestamp } from './timestamp.ts';

/** The source of every event in EventBridge. */
export const KEY_EVENT_SOURCE = 'latchkey';

/** The detail types of the events. */
export const KEY_EVENT_TYPES = [
  'KeyCreated',
  'KeyUpdated',
  'KeyRotated',
  'KeyDisabled',
  'KeyEnabled',
  'KeyRevoked',
  'KeyPurged',
  'KeyExpiring',
  'KeyUnused',
  'QuotaNearlySpent',
] as const;
/** The detail type of an event. */
export type KeyEventType = (typeof KEY_EVENT_TYPES)[number];

/** The fields whose old and new values are in an event. The metadata isn't one of them. */
export const TRACKED_FIELDS = [
  'label',
  'owner',
  'scopes',
  'plan',
  'allowedIps',
  'expiresAt',
  'disabledAt',
  'revokedAt',
  'revokedReason',
  'rotatedTo',
  'limitsResetAt',
] as const;
/** The name of a field whose old and new values are in an event. */
export type TrackedField = (typeof TRACKED_FIELDS)[number];

/** The value of a field in an event. `null` means that the key doesn't have the field. */
export type TrackedValue = string | readonly string[] | null;

/** The values of a field before and after a change. */
export interface TrackedChange {
  /** The value before the change. */
  readonly from: TrackedValue;
  /** The value after the change. */
  readonly to: TrackedValue;
}

/** The fields of every event. */
export interface KeyEventBasis {
  /** The event's id. A repeat of the event has the same id, so a receiver can skip it. */
  readonly eventId: string;
  /** The time of the change, or the scheduled time of the run that found the state. */
  readonly time: Timestamp;
}

/** The fields of an event about one key. The event never has the key's hash. */
export interface KeyEventDetail extends KeyEventBasis {
  /** The key's id. */
  readonly id: string;
  /** The purpose of the key. */
  readonly label: string;
  /** The customer or team that the key was issued to. */
  readonly owner?: string;
  /** The key's plan. */
  readonly plan?: string;
  /** The key's public prefix. */
  readonly keyPrefix?: string;
  /** The version of the record. The events of one key are in the order of their versions. */
  readonly version: number;
}

/** The fields of an event about a change by an actor. */
export interface KeyChangeDetail extends KeyEventDetail {
  /** The actor. It's absent if an older release of Latchkey or another tool changed the key. */
  readonly actor?: string;
  /** The changed fields with their values. */
  readonly changes: { readonly [Field in TrackedField]?: TrackedChange };
  /** The names of the changed fields of the metadata. The event doesn't have their values. */
  readonly changedMetadata?: readonly string[];
  /** `true` if the values were too long for an event. They are `null` then. */
  readonly truncated?: true;
}

/** A key was issued or imported, or is the successor of a rotated key. */
export interface KeyCreatedDetail extends KeyEventDetail {
  /** The actor who issued or imported the key. */
  readonly actor: string;
  /** The key's scopes. The key may do everything if they are absent. */
  readonly scopes?: readonly string[];
  /** The addresses that may use the key. Every address may if they are absent. */
  readonly allowedIps?: readonly string[];
  /** The expiry. */
  readonly expiresAt?: Timestamp;
  /** The id of the key that this one replaces. Absent unless the key is the successor of a rotated key. */
  readonly rotatedFrom?: string;
  /** `true` if the key was imported. */
  readonly imported?: true;
  /** The time when an imported key was disabled. */
  readonly disabledAt?: Timestamp;
  /** The time when an imported key was revoked. */
  readonly revokedAt?: Timestamp;
  /** `true` if the scopes were too long for an event. The event doesn't have them then. */
  readonly truncated?: true;
}

/** A key got a successor, and expires after a grace period. */
export interface KeyRotatedDetail extends KeyChangeDetail {
  /** The id of the successor. */
  readonly rotatedTo: string;
  /** The end of the grace period. */
  readonly expiresAt?: Timestamp;
}

/** A key was revoked. */
export interface KeyRevokedDetail extends KeyChangeDetail {
  /** The reason for the revocation. */
  readonly reason?: string;
}

/** A key's record was deleted from the table. */
export interface KeyPurgedDetail extends KeyEventDetail {
  /**
   * `expired` if DynamoDB deleted the record 90 days after the key's end. `deleted` if somebody deleted it, or if a
   * rotation was undone.
   */
  readonly reason: 'expired' | 'deleted';
  /** The id of the key that this one was to replace. */
  readonly rotatedFrom?: string;
}

/** An active key expires soon. */
export interface KeyExpiringDetail extends KeyEventDetail {
  /** The expiry. */
  readonly expiresAt: Timestamp;
  /** The number of days within which the key expires: 30, 14, 7 or 1. */
  readonly withinDays: number;
  /** The id of the successor, if the key was rotated. */
  readonly rotatedTo?: string;
}

/** An active key wasn't used for a time. */
export interface KeyUnusedDetail extends KeyEventDetail {
  /** The last use. Absent if the key was never used. */
  readonly lastUsedAt?: Timestamp;
  /** The number of days without a use: `unusedAfter` of the deployment. */
  readonly unusedDays: number;
}

/** The requests of a key, an owner or a plan have used most of their quota, or all of it. */
export interface QuotaNearlySpentDetail extends KeyEventBasis {
  /** The id of the key, or of the first key of its rotations. Absent if the requests of several keys count together. */
  readonly id?: string;
  /** The purpose of the key. */
  readonly label?: string;
  /** The customer or team that the key was issued to, or whose keys count together. */
  readonly owner?: string;
  /** The plan of the last counted request. */
  readonly plan: string;
  /** The requests that count together. */
  readonly per: 'key' | 'owner' | 'plan';
  /** The threshold that was reached, in percent: 80 or 100. */
  readonly percent: number;
  /** The requests that are counted in the window. */
  readonly used: number;
  /** The number of requests in each window. */
  readonly limit: number;
  /** The period of the quota. */
  readonly period: LimitPeriod;
  /** The start of the window in UTC, such as `2026-11-30`. */
  readonly window: string;
  /** The end of the window, when the count begins again. */
  readonly resetsAt: Timestamp;
}

/** The detail of each event, by its detail type. */
export interface KeyEventDetails {
  /** A key was issued or imported. */
  readonly KeyCreated: KeyCreatedDetail;
  /** A field of a key changed, or its quota was reset. */
  readonly KeyUpdated: KeyChangeDetail;
  /** A key got a successor. */
  readonly KeyRotated: KeyRotatedDetail;
  /** A key was disabled. */
  readonly KeyDisabled: KeyChangeDetail;
  /** A disabled key was enabled. */
  readonly KeyEnabled: KeyChangeDetail;
  /** A key was revoked. */
  readonly KeyRevoked: KeyRevokedDetail;
  /** A key's record was deleted. */
  readonly KeyPurged: KeyPurgedDetail;
  /** A key expires soon. */
  readonly KeyExpiring: KeyExpiringDetail;
  /** A key wasn't used for a time. */
  readonly KeyUnused: KeyUnusedDetail;
  /** A quota is nearly spent, or completely. */
  readonly QuotaNearlySpent: QuotaNearlySpentDetail;
}

/** An event: its detail type, and its detail. */
export type KeyEvent = {
  readonly [Type in KeyEventType]: { readonly type: Type; readonly detail: KeyEventDetails[Type] };
}[KeyEventType];

/** Returns whether the string is the detail type of an event. */
export function isKeyEventType(text: unknown): text is KeyEventType {
  return (KEY_EVENT_TYPES as readonly unknown[]).includes(text);
}
