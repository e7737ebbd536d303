import { createHash } from 'node:crypto';
import { LatchkeyError } from '../keys/errors.ts';
import { RequestProblem } from './problems.ts';
import type { StateItem, StateStore } from './stateStore.ts';
import { stateId } from './stateTable.ts';

export interface IdempotencyDeps {
  readonly store: Pick<StateStore, 'read' | 'create' | 'replace' | 'remove'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Returns a text that no other call returns. */
  readonly randomId: () => string;
}

/** A request with the header `Idempotency-Key`. */
export interface IdempotentRequest {
  /** Everything that identifies the caller. Two callers with one key don't see each other's requests. */
  readonly caller: readonly string[];
  /** The header's value. */
  readonly key: string;
  /** Everything that makes it the same request: method, path and body. */
  readonly request: readonly string[];
}

/** A change that creates one record. */
export interface IdempotentWork<Prepared, Result> {
  /** Generates the record without a write. */
  readonly prepare: () => Promise<Prepared> | Prepared;
  readonly recordIdOf: (prepared: Prepared) => string;
  /** Makes the change. It throws `UnconfirmedChange` if a failed change may have been made. */
  readonly store: (prepared: Prepared) => Promise<Result>;
  /** Returns whether an interrupted attempt has stored this record. It removes what is left of an incomplete one. */
  readonly isStored: (recordId: string) => Promise<boolean>;
}

/** The outcome of a request. Only `done` made a change in this run. */
export type IdempotentOutcome<Result> =
  | { readonly outcome: 'done'; readonly result: Result }
  /** An earlier run made the change. Nobody keeps its secret. */
  | { readonly outcome: 'replayed'; readonly recordId: string }
  /** The key belongs to another request of the caller. */
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'in progress'; readonly retryAfterSeconds: number };

/** A reserved key. `isDone` is set after the change. */
interface Reservation extends StateItem {
  readonly fingerprint: string;
  readonly recordId: string;
  readonly startedAtMs: number;
  readonly isDone: boolean;
}

/** Time for which a key belongs to its request. */
const KEPT_SECONDS = 24 * 3600;
/** Time after which a reservation without a result is taken over. The function runs at most half as long. */
const TAKEN_OVER_MS = 30_000;

/**
 * Makes a change at most once for each caller and key. It reserves the key with the id of the new record before it
 * stores the record. A repeat therefore finds the record even if the first run never ended. The table gets a hash of
 * the key, and never a secret.
 *
 * A rejected change gives the key back. A change with an unknown outcome keeps it: after 30 seconds, a repeat looks for
 * the record in the index, and makes the change if the record isn't there.
 *
 * @throws the errors of the work; LatchkeyError `STORE_UNAVAILABLE` before the change
 */
export async function runOnce<Prepared, Result>(
  request: IdempotentRequest,
  work: IdempotentWork<Prepared, Result>,
  { store, now, randomId }: IdempotencyDeps,
): Promise<IdempotentOutcome<Result>> {
  const id = stateId('idempotency', digest([...request.caller, request.key]));
  const fingerprint = digest(request.request);
  const earlier = (await store.read(id)) as Reservation | undefined;
  if (earlier !== undefined) {
    const answer = answerOf(earlier, fingerprint, now());
    if (answer !== undefined) return answer;
    if (await work.isStored(earlier.recordId)) {
      await finish(earlier, store, randomId());
      return { outcome: 'replayed', recordId: earlier.recordId };
    }
  }
  const prepared = await work.prepare();
  const reservation: Reservation = {
    id,
    revision: randomId(),
    purgeAfter: Math.ceil(now() / 1000) + KEPT_SECONDS,
    fingerprint,
    recordId: work.recordIdOf(prepared),
    startedAtMs: now(),
    isDone: false,
  };
  const isReserved = await (earlier === undefined
    ? store.create(reservation)
    : store.replace(reservation, earlier.revision));
  if (!isReserved)
    return answerOf((await store.read(id)) as Reservation | undefined, fingerprint, now()) ?? IN_PROGRESS;
  try {
    const result = await work.store(prepared);
    await finish(reservation, store, randomId());
    return { outcome: 'done', result };
  } catch (error) {
    if (!mayHaveChanged(error)) await store.remove(id, reservation.revision).catch(() => {});
    throw error;
  }
}

const IN_PROGRESS = { outcome: 'in progress', retryAfterSeconds: 1 } as const;

/** Returns the answer to a repeat, or `undefined` if the reservation can be taken over. */
function answerOf(
  reservation: Reservation | undefined,
  fingerprint: string,
  nowMs: number,
): Exclude<IdempotentOutcome<never>, { outcome: 'done' }> | undefined {
  if (reservation === undefined) return undefined;
  if (reservation.fingerprint !== fingerprint) return { outcome: 'mismatch' };
  if (reservation.isDone) return { outcome: 'replayed', recordId: reservation.recordId };
  const leftMs = reservation.startedAtMs + TAKEN_OVER_MS - nowMs;
  return leftMs > 0 ? { outcome: 'in progress', retryAfterSeconds: Math.ceil(leftMs / 1000) } : undefined;
}

/** Marks the change as made. A failure doesn't matter: a repeat then looks for the record. */
async function finish(reservation: Reservation, store: IdempotencyDeps['store'], revision: string): Promise<void> {
  await store.replace({ ...reservation, revision, isDone: true }, reservation.revision).catch(() => {});
}

/** Returns whether a failed change may have been made. An outage before the change is a `LatchkeyError`. */
function mayHaveChanged(error: unknown): boolean {
  return !(error instanceof LatchkeyError || error instanceof RequestProblem);
}

/** The hash of a list of texts. JSON keeps them apart. */
function digest(texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}
