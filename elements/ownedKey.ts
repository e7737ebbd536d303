import type { PublicRecord } from '../keys/record.ts';
import type { KeyState } from '../keys/state.ts';
import type { UsageReport } from '../keys/usageReport.ts';

/** A key as its owner sees it. */
export interface OwnedKey extends Pick<
  PublicRecord,
  | 'id'
  | 'label'
  | 'keyPrefix'
  | 'scopes'
  | 'plan'
  | 'allowedIps'
  | 'createdAt'
  | 'lastUsedAt'
  | 'expiresAt'
  | 'disabledAt'
  | 'revokedAt'
  | 'revokedReason'
  | 'rotatedFrom'
  | 'rotatedTo'
  | 'version'
> {
  readonly state: KeyState;
}

/** What the owner may do: the response to `GET` on the base URL. */
export interface OwnerAccess {
  /** The scopes that the owner may give. `null` if the owner's keys have none. */
  readonly scopes: readonly string[] | null;
  /** The plans that the owner may choose. `null` if the owner can't choose one. */
  readonly plans: readonly string[] | null;
  readonly maxLifetimeSeconds: number | null;
  /** Maximum number of active and disabled keys. Rotated keys don't count. */
  readonly maxKeys: number;
  readonly revocationDelaySeconds: number | null;
  readonly hasUsage: boolean;
}

/** One page of the list. */
export interface OwnedKeyPage {
  readonly records: readonly OwnedKey[];
  readonly cursor: string | null;
}

/** The response to create and rotate. */
export interface IssuedOwnedKey {
  /** The secret. Absent if the response is a repeat, because the server doesn't keep secrets. */
  readonly key?: string;
  readonly record: OwnedKey;
  /** The rotated key after the rotation. */
  readonly previous?: OwnedKey;
}

/** The requests of a key. */
export type OwnedKeyUsage = Pick<UsageReport, 'rows' | 'total'>;

/** The fields that an owner can set. In a change, `null` removes a field. */
export interface OwnedKeyFields {
  readonly label?: string;
  readonly scopes?: readonly string[];
  readonly plan?: string;
  readonly expiresAt?: string | null;
  readonly allowedIps?: readonly string[] | null;
}
