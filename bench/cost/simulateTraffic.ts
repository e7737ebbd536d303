import type { KeyRecord } from '../../keys/record.ts';
import { toTimestamp } from '../../keys/timestamp.ts';
import type { PresentedKey } from '../../lambda/presentedKey.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { CountingTable } from './countingTable.ts';
import { Scopes } from '../../lambda/scopes.ts';
import { keyPicker, sharesOf, type Popularity } from './popularity.ts';
import { refusedKeys, SCOPES, type RefusedKeys, type RefusedKind } from './refusedKeys.ts';
import { seededRandom } from './seededRandom.ts';
import { SimulatedClock } from './simulatedClock.ts';
import { SimulatedEnvironment, type Invocation, type TableCalls } from './simulatedEnvironment.ts';

/** What is simulated. */
export interface Traffic {
  readonly environments: number;
  readonly keys: number;
  readonly popularity: Popularity;
  /** Of all keys together; the gaps between them are exponential. */
  readonly requestsPerSecond: number;
  readonly hours: number;
  readonly recordCacheSeconds: number;
  readonly resultCacheSeconds: number;
  readonly usageWriteSeconds?: number;
  /** See `EnvironmentOptions`. */
  readonly trustsCachedRecords?: boolean;
  /** In the place of good keys, what every request brings. No answer to it is kept by the gateway. */
  readonly refused?: RefusedKind;
  readonly seed?: number;
}

/** What it came to. */
export interface TrafficCounts {
  readonly requests: number;
  /** Requests that reached the function; the others were answered by the gateway's result cache. */
  readonly invocations: number;
  readonly coldStarts: number;
  /** Invocations by what they asked of the table: each is billed by its own time, rounded up. */
  readonly work: readonly Work[];
  readonly reads: number;
  readonly committedWrites: number;
  readonly refusedWrites: number;
  /** The shortest time between two writes of one key that were made; absent where no key had two. */
  readonly leastSecondsBetweenWrites?: number;
  /** As CloudWatch counts them, `LOG_EVENT_BYTES` for each line among them. */
  readonly logBytes: number;
}

/** So many invocations that each asked so much of the table. */
export interface Work extends Readonly<TableCalls> {
  readonly invocations: number;
}

/** AWS says "single-digit milliseconds". */
export const READ_MS = 4;
export const WRITE_MS = 6;
/** Lambda does not say how long it keeps an environment; two hours is an assumption. */
export const ENVIRONMENT_HOURS = 2;
/** "PutLogEvents": the size of a batch is that of its messages, and 26 bytes more for each. */
export const LOG_EVENT_BYTES = 26;
const START_MS = Date.UTC(2030, 0, 1);
const HOUR_MS = 3_600_000;

interface SimulatedKey {
  readonly present: () => PresentedKey;
  readonly records: readonly KeyRecord[];
  /** Until when the gateway answers for the function. */
  keptUntilMs: number;
}

interface Slot {
  environment: SimulatedEnvironment;
  endsAtMs: number;
  isBusy: boolean;
}

/**
 * Has requests of a seeded draw answered by so many environments, one at a time in each, and any that is free. Every
 * environment is replaced by a new one after `ENVIRONMENT_HOURS`, not all at once. No real time passes.
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
  /** Invocations that have no answer yet. */
  #unanswered = 0;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    this.#random = seededRandom(traffic.seed ?? 1);
    const intervalMs = (traffic.usageWriteSeconds ?? 900) * 1000;
    const { refused } = traffic;
    this.#keys = Array.from({ length: traffic.keys }, () => {
      const keys = refused === undefined ? this.#goodKey(intervalMs) : refusedKeys(refused);
      return { ...keys, keptUntilMs: 0 };
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
    const pick = keyPicker(sharesOf(popularity, this.#keys.length), this.#random);
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

  /** One that has been in use for long: not a day on which all are used for the first time. */
  #goodKey(intervalMs: number): RefusedKeys {
    const lastUsedAt = toTimestamp(START_MS - Math.ceil(intervalMs * this.#random()));
    const { secret, record } = createTestKey({ lastUsedAt });
    const presented: PresentedKey = { kind: 'key', secret };
    return { records: [record], present: () => presented };
  }

  #request(key: SimulatedKey): void {
    this.#requests++;
    const nowMs = this.#clock.now();
    if (nowMs < key.keptUntilMs) return;
    key.keptUntilMs = nowMs + this.#traffic.resultCacheSeconds * 1000;
    this.#unanswered++;
    void this.#invoke(key);
  }

  async #invoke(key: SimulatedKey): Promise<void> {
    let slot = this.#freeSlot();
    // Lambda would start one environment more; here their number is given.
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
    if ((effect === 'allow') !== (this.#traffic.refused === undefined))
      throw new Error(`a request was answered with ${effect}`);
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
    const { recordCacheSeconds, usageWriteSeconds = 900, trustsCachedRecords = false, refused } = this.#traffic;
    const scopes = refused === undefined ? undefined : Scopes.parse(SCOPES);
    this.#coldStarts++;
    const writeLog = (line: string) => (this.#logBytes += line.length + LOG_EVENT_BYTES);
    return new SimulatedEnvironment(
      { recordCacheSeconds, usageWriteSeconds, trustsCachedRecords, ...(scopes === undefined ? {} : { scopes }) },
      { lookup: this.#table, now: this.#clock.now, writeLog },
    );
  }

  async #answerUntil(ms: number): Promise<void> {
    while (this.#clock.waiting > 0 && this.#clock.nextMs <= ms) {
      this.#clock.runNext();
      await this.#settle();
    }
  }

  /** Lets everything happen that needs no time: until each invocation is answered or waits for the clock. */
  async #settle(): Promise<void> {
    while (this.#unanswered > this.#clock.waiting) await undefined;
  }
}
