import { generateSecret } from '../../keys/secret.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { toTimestamp } from '../../keys/timestamp.ts';
import type { PresentedKey } from '../../lambda/credentials.ts';
import { Scopes } from '../../lambda/scopes.ts';
import { createTestKey, type TestKey } from '../../testing/createTestKey.ts';
import {
  CountingTable,
  SimulatedClock,
  SimulatedEnvironment,
  type Invocation,
  type TableCalls,
} from './simulatedFleet.ts';

/**
 * Distribution of requests over keys: even, or by Zipf's law. By Zipf's law, the n-th key gets 1/n of the first key's
 * requests.
 */
export type Popularity = 'uniform' | 'zipf';

/** A kind of request that the authorizer refuses. */
export type RefusedKind = keyof typeof REFUSED_KINDS;

/** Simulated traffic. It uses active keys unless `refused` names another kind. */
export interface Traffic {
  readonly environments: number;
  readonly keys: number;
  readonly popularity: Popularity;
  /** Requests per second to all keys together. The gaps between them are exponential. */
  readonly requestsPerSecond: number;
  readonly hours: number;
  readonly recordCacheSeconds: number;
  readonly resultsCacheSeconds: number;
  readonly lastUsedSeconds?: number;
  /** See `EnvironmentOptions`. */
  readonly trustsCachedRecords?: boolean;
  /** Kind of refused request to send instead of requests with active keys. The gateway doesn't cache the responses. */
  readonly refused?: RefusedKind;
  readonly seed?: number;
}

/** The counts of a simulation. */
export interface TrafficCounts {
  readonly requests: number;
  /** Requests that reached the function. The gateway's result cache handled the others. */
  readonly invocations: number;
  readonly coldStarts: number;
  /** Invocations grouped by their table calls, because Lambda rounds up the duration of each invocation. */
  readonly work: readonly Work[];
  readonly reads: number;
  readonly committedWrites: number;
  readonly refusedWrites: number;
  /** Minimum time between two committed writes of one key. Absent if each key has at most one. */
  readonly leastSecondsBetweenWrites?: number;
  /** Billed bytes. CloudWatch adds `LOG_EVENT_BYTES` to the size of each line. */
  readonly logBytes: number;
}

/** A number of invocations that made the same table calls. */
export interface Work extends Readonly<TableCalls> {
  readonly invocations: number;
}

/** Assumed duration of a read in milliseconds. AWS documents "single-digit milliseconds". */
export const READ_MS = 4;
export const WRITE_MS = 6;
/** Assumed lifetime of an execution environment in hours. Lambda doesn't document it. */
export const ENVIRONMENT_HOURS = 2;
/** Bytes that CloudWatch Logs adds to each event's message (API reference, "PutLogEvents"). */
export const LOG_EVENT_BYTES = 26;
const START_MS = Date.UTC(2030, 0, 1);
const HOUR_MS = 3_600_000;

interface SimulatedKey {
  readonly present: () => PresentedKey;
  readonly records: readonly KeyRecord[];
  /** Time at which the gateway's cached response expires, in epoch milliseconds. */
  cachedUntilMs: number;
}

interface Slot {
  environment: SimulatedEnvironment;
  endsAtMs: number;
  isBusy: boolean;
}

/**
 * Simulates traffic over a number of execution environments. The run depends only on a seed and uses simulated time.
 * Each request goes to any free environment. A new environment replaces each one after `ENVIRONMENT_HOURS`, but not all
 * at the same time.
 */
export async function simulateTraffic(traffic: Traffic): Promise<TrafficCounts> {
  const run = new TrafficRun(traffic);
  await run.toEnd();
  return run.counts();
}

class TrafficRun {
  readonly #traffic: Traffic;
  readonly #random: () => number;
  readonly #clock = new SimulatedClock(START_MS);
  readonly #keys: readonly SimulatedKey[];
  readonly #table: CountingTable;
  readonly #slots: readonly Slot[];
  #requests = 0;
  #invocations = 0;
  #coldStarts = 0;
  readonly #work = new Map<string, Work>();
  #logBytes = 0;
  /** Number of invocations in progress. */
  #unanswered = 0;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    this.#random = seededRandom(traffic.seed ?? 1);
    const intervalMs = (traffic.lastUsedSeconds ?? 900) * 1000;
    const { refused } = traffic;
    this.#keys = Array.from({ length: traffic.keys }, () => {
      const keys = refused === undefined ? this.#goodKey(intervalMs) : REFUSED_KINDS[refused]();
      return { ...keys, cachedUntilMs: 0 };
    });
    const wait = (ms: number) => this.#clock.wait(ms);
    const records = this.#keys.flatMap(({ records }) => records);
    this.#table = new CountingTable(records, { readMs: READ_MS, writeMs: WRITE_MS, wait });
    this.#slots = Array.from({ length: traffic.environments }, () => ({
      environment: this.#startEnvironment(),
      endsAtMs: START_MS + ENVIRONMENT_HOURS * HOUR_MS * this.#random(),
      isBusy: false,
    }));
  }

  async toEnd(): Promise<void> {
    const { hours, requestsPerSecond, popularity } = this.#traffic;
    const pick = keyPicker(requestShares(popularity, this.#keys.length), this.#random);
    const endMs = START_MS + hours * HOUR_MS;
    let atMs = START_MS;
    for (;;) {
      atMs += (-Math.log(1 - this.#random()) * 1000) / requestsPerSecond;
      if (atMs >= endMs) break;
      await this.#answerUntil(atMs);
      this.#clock.advanceTo(atMs);
      const key = this.#keys[pick()];
      if (key !== undefined) this.#request(key);
      await this.#settle();
    }
    await this.#answerUntil(Infinity);
  }

  counts(): TrafficCounts {
    const committed = [...this.#table.committed.values()];
    const gaps = committed.flatMap((times) => times.slice(1).map((time, index) => time - (times[index] ?? 0)));
    return {
      requests: this.#requests,
      invocations: this.#invocations,
      coldStarts: this.#coldStarts,
      work: [...this.#work.values()],
      reads: this.#table.reads,
      committedWrites: committed.reduce((sum, times) => sum + times.length, 0),
      refusedWrites: this.#table.refused,
      ...(gaps.length === 0 ? {} : { leastSecondsBetweenWrites: gaps.reduce((a, b) => Math.min(a, b)) / 1000 }),
      logBytes: this.#logBytes,
    };
  }

  /** Creates a key that has been in use for a while. All first uses would be at the start without this. */
  #goodKey(intervalMs: number): RefusedKeys {
    const lastUsedAt = toTimestamp(START_MS - Math.ceil(intervalMs * this.#random()));
    const { secret, record } = createTestKey({ lastUsedAt });
    const presented: PresentedKey = { kind: 'key', secret };
    return { records: [record], present: () => presented };
  }

  #request(key: SimulatedKey): void {
    this.#requests++;
    const nowMs = this.#clock.now();
    if (nowMs < key.cachedUntilMs) return;
    key.cachedUntilMs = nowMs + this.#traffic.resultsCacheSeconds * 1000;
    this.#unanswered++;
    void this.#invoke(key);
  }

  async #invoke(key: SimulatedKey): Promise<void> {
    let slot = this.#freeSlot();
    // Lambda would start another execution environment. The simulation has a fixed number.
    while (slot === undefined) {
      await this.#clock.wait(1);
      slot = this.#freeSlot();
    }
    this.#invocations++;
    slot.isBusy = true;
    this.#replaceIfOld(slot);
    this.#count(await slot.environment.invoke(key.present()));
    slot.isBusy = false;
    this.#unanswered--;
  }

  #count({ reads, writes, effect }: Invocation): void {
    if ((effect === 'allow') !== (this.#traffic.refused === undefined)) throw new Error(`a request got ${effect}`);
    const kind = `${reads} ${writes}`;
    const invocations = (this.#work.get(kind)?.invocations ?? 0) + 1;
    this.#work.set(kind, { reads, writes, invocations });
  }

  #freeSlot(): Slot | undefined {
    const first = Math.floor(this.#random() * this.#slots.length);
    for (let offset = 0; offset < this.#slots.length; offset++) {
      const slot = this.#slots[(first + offset) % this.#slots.length];
      if (slot?.isBusy === false) return slot;
    }
    return undefined;
  }

  #replaceIfOld(slot: Slot): void {
    const nowMs = this.#clock.now();
    if (nowMs < slot.endsAtMs) return;
    slot.environment = this.#startEnvironment();
    slot.endsAtMs = nowMs + ENVIRONMENT_HOURS * HOUR_MS;
  }

  #startEnvironment(): SimulatedEnvironment {
    const { recordCacheSeconds, lastUsedSeconds = 900, trustsCachedRecords = false, refused } = this.#traffic;
    const scopes = refused === undefined ? undefined : Scopes.parse(SCOPES);
    this.#coldStarts++;
    const writeLog = (line: string) => (this.#logBytes += line.length + LOG_EVENT_BYTES);
    return new SimulatedEnvironment(
      { recordCacheSeconds, lastUsedSeconds, trustsCachedRecords, ...(scopes === undefined ? {} : { scopes }) },
      { lookup: this.#table, now: this.#clock.now, writeLog },
    );
  }

  async #answerUntil(ms: number): Promise<void> {
    while (this.#clock.waiting > 0 && this.#clock.nextMs <= ms) {
      this.#clock.runNext();
      await this.#settle();
    }
  }

  /** Runs microtasks until each invocation is complete or waits for the clock. */
  async #settle(): Promise<void> {
    while (this.#unanswered > this.#clock.waiting) await undefined;
  }
}

interface RefusedKeys {
  /** Records in the table. */
  readonly records: readonly KeyRecord[];
  /** Returns the credential of the next request. */
  readonly present: () => PresentedKey;
}

const PAST = '2024-06-01T00:00:00Z';
/** A scope that doesn't open the simulated route. */
const SCOPES = '{"reports":["GET /reports"]}';

/** Creates keys of each refused kind. The kinds that cost the sender least come first. */
export const REFUSED_KINDS = {
  'without a key': () => ({ records: [], present: () => ({ kind: 'absent' }) }),
  malformed: () => ({ records: [], present: () => ({ kind: 'malformed' }) }),
  'never issued, another each time': () => ({ records: [], present: () => presented(generateSecret('sk_')) }),
  'never issued, always the same': () => ({ ...keysInTable([createTestKey()]), records: [] }),
  'expired, disabled or revoked': () =>
    keysInTable([
      createTestKey({ expiresAt: PAST }),
      createTestKey({ disabledAt: PAST }),
      createTestKey({ revokedAt: PAST }),
    ]),
  'outside its scopes': () => keysInTable([createTestKey({ scopes: ['reports'] })]),
} as const satisfies Readonly<Record<string, () => RefusedKeys>>;

function keysInTable(keys: readonly TestKey[]): RefusedKeys {
  const all = keys.map(({ secret }) => presented(secret));
  let next = 0;
  return {
    records: keys.map(({ record }) => record),
    present: () => all[next++ % all.length] ?? { kind: 'absent' },
  };
}

function presented(secret: TestKey['secret']): PresentedKey {
  return { kind: 'key', secret };
}

/** Returns each key's share of the requests. The shares add up to 1. */
export function requestShares(popularity: Popularity, keys: number): readonly number[] {
  const weights = Array.from({ length: keys }, (_, index) => (popularity === 'zipf' ? 1 / (index + 1) : 1));
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / sum);
}

function keyPicker(shares: readonly number[], random: () => number): () => number {
  let sum = 0;
  const upTo = shares.map((share) => (sum += share));
  return () => {
    const drawn = random() * sum;
    let low = 0;
    let high = upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 0) <= drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Returns a generator of numbers from 0 to 1, excluding 1 (mulberry32). The same seed gives the same numbers. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
