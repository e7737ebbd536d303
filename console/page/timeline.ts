import { type Timestamp, toEpochMs } from '../../keys/timestamp.ts';
import type { ConsoleKey } from './consoleKey.ts';

/** One event in a key's life. */
export interface TimelineEvent {
  readonly kind: 'created' | 'rotated' | 'disabled' | 'expired' | 'expires' | 'revoked';
  /** `undefined` if the table doesn't have the time. */
  readonly at: Timestamp | undefined;
  readonly by?: string | undefined;
  readonly why?: string | undefined;
  /** The id of the other key of a rotation. */
  readonly keyId?: string | undefined;
}

/**
 * Returns the events that a key's record contains, the latest first. An event without a time stands before the
 * creation. The time and the actor of a rotation come from the successor, if the table still contains it.
 */
export function getTimeline(
  record: ConsoleKey,
  byId: ReadonlyMap<string, ConsoleKey>,
  nowMs: number,
): readonly TimelineEvent[] {
  const { createdAt, createdBy, rotatedFrom, rotatedTo, disabledAt, disabledBy, expiresAt } = record;
  const { revokedAt, revokedBy, revokedReason } = record;
  const successor = rotatedTo === undefined ? undefined : byId.get(rotatedTo);
  const events: readonly (TimelineEvent | undefined)[] = [
    { kind: 'created', at: createdAt, by: createdBy, keyId: rotatedFrom },
    rotatedTo === undefined
      ? undefined
      : { kind: 'rotated', at: successor?.createdAt, by: successor?.createdBy, keyId: rotatedTo },
    disabledAt === undefined ? undefined : { kind: 'disabled', at: disabledAt, by: disabledBy },
    // The expiry of a revoked key no longer matters, unless it came first.
    expiresAt === undefined || (revokedAt !== undefined && revokedAt < expiresAt)
      ? undefined
      : { kind: toEpochMs(expiresAt) <= nowMs ? 'expired' : 'expires', at: expiresAt },
    revokedAt === undefined ? undefined : { kind: 'revoked', at: revokedAt, by: revokedBy, why: revokedReason },
  ];
  return events
    .filter((event) => event !== undefined)
    .toSorted((a, b) => (b.at ?? createdAt).localeCompare(a.at ?? createdAt));
}
