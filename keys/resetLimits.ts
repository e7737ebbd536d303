import { type Change, conflict, isAbsent, revokedRefusal } from './changes.ts';
import { type ErrorCode, LatchkeyError } from './errors.ts';
import { type Candidate, candidatesOf, parseQuota, type QuotaUse } from './keyLimits.ts';
import { LIMIT_ATTRIBUTE } from './limits.ts';
import type { LimitsTable } from './limitsTable.ts';
import type { ListPage } from './list.ts';
import type { KeyRecord } from './record.ts';
import { keyState } from './state.ts';
import { toTimestamp } from './timestamp.ts';

/**
 * The keys whose limits to reset: one key with the active keys of its rotations, or all active keys of an owner that are
 * on a plan.
 */
export type ResetTarget = { readonly id: string } | { readonly owner: string };

/** A reset of limits. */
export interface LimitsReset {
  /** The new records of the keys. A given key is the first one. */
  readonly records: readonly KeyRecord[];
  /** The counts before the reset. A count of several keys occurs once. */
  readonly quotas: readonly QuotaUse[];
  /** One error for each unreadable record of the owner. */
  readonly corrupt: readonly LatchkeyError[];
}

/** The dependencies of `resetLimits`. */
export interface ResetDeps {
  readonly table: LimitsTable;
  readonly now: () => number;
  readonly get: (id: string) => Promise<KeyRecord>;
  /** Yields all pages of an owner's keys. */
  readonly pages: (owner: string) => AsyncIterable<ListPage>;
  readonly change: (record: KeyRecord, change: Change) => Promise<KeyRecord>;
}

/** Maximum number of keys that are reset at the same time. */
const MAX_AT_ONCE = 10;

/** Codes of keys that don't need a reset any more. */
const ENDED = new Set<ErrorCode>(['ALREADY_REVOKED', 'NOT_FOUND']);
/** Codes of keys that can't be read. The authorizer doesn't accept them. */
const UNUSABLE = new Set<ErrorCode>(['NOT_FOUND', 'RECORD_CORRUPT']);

/**
 * Resets the counts of keys, then stores the time of the reset in their records. An execution environment asks again for
 * a key that it has refused once it reads the new time. The order matters: an environment that asked between the two
 * steps of the other order would remember another refusal. To complete an interrupted reset, run it again.
 *
 * @throws LatchkeyError `INPUT_INVALID`; `NOT_FOUND`, also if the owner has no active key on a plan; `ALREADY_REVOKED`;
 * `CONFLICT`; `RECORD_CORRUPT`; `STORE_UNAVAILABLE`
 */
export async function resetLimits(target: ResetTarget, deps: ResetDeps): Promise<LimitsReset> {
  const isOwner = 'owner' in target;
  if (isOwner === 'id' in target) {
    throw new LatchkeyError(
      'INPUT_INVALID',
      `target: expected { id } or { owner }, got ${isOwner ? 'both' : 'neither'}`,
    );
  }
  const { records, corrupt } = isOwner
    ? await findActive(target.owner, deps)
    : { records: await getChain(target.id, deps), corrupt: [] };
  const counts = new Map<string, Promise<QuotaUse | undefined>>();
  const changed: KeyRecord[] = [];
  for (let at = 0; at < records.length; at += MAX_AT_ONCE) {
    const reset = (record: KeyRecord) => {
      const isRequired = !isOwner && record.id === target.id;
      return resetKey(record, { isOwner, isRequired, counts, ...deps });
    };
    const results = await Promise.all(records.slice(at, at + MAX_AT_ONCE).map(reset));
    changed.push(...results.filter((record) => record !== undefined));
  }
  const quotas = await Promise.all(counts.values());
  return { records: changed, quotas: quotas.filter((quota) => quota !== undefined), corrupt };
}

/** Returns a key, then the other active keys of its rotations. They share its counts, such as in a grace period. */
async function getChain(id: string, deps: ResetDeps): Promise<readonly KeyRecord[]> {
  const record = await getUnrevoked(id, deps);
  const chain = new Map([[record.id, record]]);
  for (const direction of ['rotatedFrom', 'rotatedTo'] as const) {
    for (let next = record[direction]; next !== undefined && !chain.has(next);) {
      const other = await getActive(next, deps);
      if (other !== undefined) chain.set(other.id, other);
      next = other?.[direction];
    }
  }
  return [...chain.values()].filter(({ plan }) => plan !== undefined);
}

async function getActive(id: string, { get, now }: ResetDeps): Promise<KeyRecord | undefined> {
  try {
    const record = await get(id);
    return keyState(record, now()) === 'active' ? record : undefined;
  } catch (error) {
    if (error instanceof LatchkeyError && UNUSABLE.has(error.code)) return undefined;
    throw error;
  }
}

async function getUnrevoked(id: string, { get }: ResetDeps): Promise<KeyRecord> {
  const record = await get(id);
  const refusal = record.plan === undefined ? conflict(id, 'has no plan') : revokedRefusal(record);
  if (refusal !== undefined) throw refusal;
  return record;
}

async function findActive(owner: string, { pages, now }: ResetDeps): Promise<Pick<LimitsReset, 'records' | 'corrupt'>> {
  const records: KeyRecord[] = [];
  const corrupt: LatchkeyError[] = [];
  for await (const page of pages(owner)) {
    records.push(...page.records.filter((record) => record.plan !== undefined && keyState(record, now()) === 'active'));
    corrupt.push(...page.corrupt);
  }
  if (records.length + corrupt.length > 0) return { records, corrupt };
  throw new LatchkeyError('NOT_FOUND', `there is no active key on a plan of the owner ${JSON.stringify(owner)}`);
}

interface KeyResetDeps extends ResetDeps {
  /** `true` if the reset is of an owner, which doesn't reset the counts that other owners' keys share. */
  readonly isOwner: boolean;
  /** `true` if the reset fails if the key was revoked or deleted meanwhile. */
  readonly isRequired: boolean;
  /** The counts that this reset has reset already, by subject. */
  readonly counts: Map<string, Promise<QuotaUse | undefined>>;
}

/** Resets one key. Returns its new record, or `undefined` if another key than the target was revoked or deleted meanwhile. */
async function resetKey(record: KeyRecord, deps: KeyResetDeps): Promise<KeyRecord | undefined> {
  const { table, now, change, isOwner, isRequired, counts } = deps;
  const nowMs = now();
  const candidates = candidatesOf(record, nowMs).filter(({ per }) => !isOwner || per !== 'plan');
  const due = candidates.filter(({ subject }) => !counts.has(subject));
  const items = await table.read(
    due.map(({ subject }) => subject),
    true,
  );
  const resetCount = async ({ subject, per, period }: Candidate): Promise<QuotaUse | undefined> => {
    const item = items.get(subject);
    if (item === undefined) return undefined;
    await table.reset(subject);
    // The reset has repaired an unreadable count.
    const isReadable = period !== undefined && typeof item[LIMIT_ATTRIBUTE.granted] === 'number';
    return isReadable ? parseQuota(item, { id: record.id, per, period, nowMs }) : undefined;
  };
  for (const candidate of due) if (!counts.has(candidate.subject)) counts.set(candidate.subject, resetCount(candidate));
  await Promise.all(candidates.map(({ subject }) => counts.get(subject)));
  try {
    return await change(record, resetChange(now()));
  } catch (error) {
    if (!isRequired && error instanceof LatchkeyError && ENDED.has(error.code)) return undefined;
    throw error;
  }
}

/** Creates the change that stores the time of a reset. */
function resetChange(nowMs: number): Change {
  const limitsResetAt = toTimestamp(nowMs);
  return {
    operation: 'reset',
    done: 'reset',
    set: { limitsResetAt },
    conditions: [isAbsent('revokedAt')],
    isApplied: (record) => record.limitsResetAt === limitsResetAt,
    refusal: revokedRefusal,
  };
}
