import { limitSubjectOf, windowAt, type LimitTaker, type PlanLimits } from '../../keys/limits.ts';
import { Limiter, type LimitOutcome } from '../../lambda/limiter.ts';
import { LimitCounters } from '../../testing/memoryLimits.ts';
import { seededRandom } from './simulateTraffic.ts';
import { SimulatedClock } from './simulatedFleet.ts';

/** Simulated requests of one key with a limit. The gaps between them are exponential. */
export interface LimitedTraffic {
  readonly limits: PlanLimits;
  readonly environments: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly seed?: number;
}

/** One execution environment's way to enforce a limit. */
export interface LimitingEnvironment {
  /** Returns whether a request is allowed. Returns a promise if the request waits for DynamoDB. */
  take(nowMs: number): boolean | Promise<boolean>;
}

export interface SimulatedDeps {
  /** Makes a call that DynamoDB bills as one write. `act` runs between its request and its response. */
  readonly write: <T>(act: () => T) => Promise<T>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** A way to enforce a limit. Returns a function that starts the execution environments of one simulation. */
export type LimitingWay = (limits: PlanLimits) => (deps: SimulatedDeps) => LimitingEnvironment;

/** The counts of a simulation. */
export interface LimitCounts {
  readonly requests: number;
  readonly allowed: number;
  /** Writes, including those that DynamoDB refused. */
  readonly writes: number;
  /** Requests that waited for DynamoDB, and the sum of their waits in milliseconds. */
  readonly waited: number;
  readonly waitedMs: number;
  /**
   * Largest excess of allowed requests, as a share of what the limit allows. A quota is compared in each window. A
   * throttle is compared over every interval of T seconds with burst + rate × (T + 1 s), as a share of the whole run's.
   */
  readonly over: number;
  /** Requests that an exact limiter would have allowed. For a throttle, this is the difference of the totals. */
  readonly refusedEarly: number;
}

const START_MS = Date.UTC(2030, 0, 1);
/** Assumed lifetime of an execution environment in hours. Its leases are lost with it. */
const ENVIRONMENT_MS = 2 * 3_600_000;
/** Assumed durations of a write in milliseconds: usually 3 to 8, and 40 for a share of the writes. */
const [FASTEST_MS, SLOWEST_MS, SLOW_MS, SLOW_SHARE] = [3, 8, 40, 0.02];

interface Slot {
  environment: LimitingEnvironment;
  endsAtMs: number;
  /** Number of requests that wait for DynamoDB. */
  waiting: number;
}

/**
 * Simulates requests over a number of execution environments. The run depends only on a seed and uses simulated time.
 * Each request goes to a random free environment. If all are waiting, it joins the requests of a random one.
 */
export async function simulateLimits(traffic: LimitedTraffic, way: LimitingWay): Promise<LimitCounts> {
  const run = new LimitedRun(traffic, way);
  await run.toEnd();
  return run.counts();
}

/** Latchkey's limiter, over a table in memory. */
export const latchkey: LimitingWay = (limits) => {
  const table = new LimitCounters();
  const plans = { trial: limits };
  const subject = limitSubjectOf({ id: 'key', plan: 'trial' }, plans);
  if (subject === undefined) throw new Error('expected a plan with limits');
  return ({ write, now }) => {
    const store: LimitTaker = {
      takeQuota: (ask) => write(() => table.takeQuota(ask)),
      takeThrottle: (ask) => write(() => table.takeThrottle(ask)),
    };
    const limiter = new Limiter({ store, limits: plans, now });
    return {
      take: (nowMs) => {
        const outcome = limiter.take(subject, nowMs);
        return outcome instanceof Promise ? outcome.then(isAllowed) : isAllowed(outcome);
      },
    };
  };
};

function isAllowed(outcome: LimitOutcome): boolean {
  if (outcome.effect === 'unknown') throw outcome.error;
  return outcome.effect === 'allow';
}

class LimitedRun {
  readonly #traffic: LimitedTraffic;
  readonly #start: () => LimitingEnvironment;
  /** Separate from the arrivals', so each way gets the same requests. */
  readonly #random: () => number;
  readonly #arrivalRandom: () => number;
  readonly #clock = new SimulatedClock(START_MS);
  readonly #slots: readonly Slot[];
  readonly #exact: ExactLimiter;
  readonly #arrivalsOfAllowed: number[] = [];
  #requests = 0;
  #writes = 0;
  #waited = 0;
  #waitedMs = 0;
  #refusedEarly = 0;

  constructor(traffic: LimitedTraffic, way: LimitingWay) {
    this.#traffic = traffic;
    const start = way(traffic.limits);
    this.#start = () => start({ write: this.#write, now: this.#clock.now });
    const { seed = 1 } = traffic;
    this.#random = seededRandom(seed);
    this.#arrivalRandom = seededRandom(seed + 1);
    this.#exact = new ExactLimiter(traffic.limits);
    this.#slots = Array.from({ length: traffic.environments }, () => ({
      environment: this.#start(),
      endsAtMs: START_MS + ENVIRONMENT_MS * this.#random(),
      waiting: 0,
    }));
  }

  async toEnd(): Promise<void> {
    const { requestsPerSecond, seconds } = this.#traffic;
    for (let atMs = START_MS; ;) {
      atMs += (-Math.log(1 - this.#arrivalRandom()) * 1000) / requestsPerSecond;
      if (atMs >= START_MS + seconds * 1000) break;
      await this.#answerUntil(atMs);
      this.#clock.advanceTo(atMs);
      if (this.#request()) await settle();
    }
    await this.#answerUntil(Infinity);
  }

  counts(): LimitCounts {
    const { limits, seconds } = this.#traffic;
    const allowed = this.#arrivalsOfAllowed.length;
    // The totals are compared, because a throttle under load may allow any of the requests of a second.
    const early = limits.quota === undefined ? Math.max(0, this.#exact.allowed - allowed) : this.#refusedEarly;
    return {
      requests: this.#requests,
      allowed,
      writes: this.#writes,
      waited: this.#waited,
      waitedMs: this.#waitedMs,
      over: excessOf(this.#arrivalsOfAllowed, limits, seconds),
      refusedEarly: early,
    };
  }

  /** Starts a request, and returns whether it waits for DynamoDB. */
  #request(): boolean {
    const nowMs = this.#clock.now();
    const wouldAllow = this.#exact.take(nowMs);
    const slot = this.#pickSlot();
    if (slot.waiting === 0 && nowMs >= slot.endsAtMs) {
      slot.environment = this.#start();
      slot.endsAtMs = nowMs + ENVIRONMENT_MS;
    }
    this.#requests++;
    const outcome = slot.environment.take(nowMs);
    if (typeof outcome === 'boolean') {
      this.#count(outcome, nowMs, wouldAllow);
      return false;
    }
    void this.#waitFor(outcome, slot, nowMs, wouldAllow);
    return true;
  }

  async #waitFor(outcome: Promise<boolean>, slot: Slot, arrivedAtMs: number, wouldAllow: boolean): Promise<void> {
    slot.waiting++;
    this.#waited++;
    const isAllowed = await outcome;
    slot.waiting--;
    this.#waitedMs += this.#clock.now() - arrivedAtMs;
    this.#count(isAllowed, arrivedAtMs, wouldAllow);
  }

  #pickSlot(): Slot {
    const slots = this.#slots;
    const first = Math.floor(this.#random() * slots.length);
    const slotAt = (offset: number) => slots[(first + offset) % slots.length];
    for (let offset = 0; offset < slots.length; offset++) {
      const slot = slotAt(offset);
      if (slot?.waiting === 0) return slot;
    }
    const slot = slotAt(0);
    if (slot === undefined) throw new Error('expected an execution environment');
    return slot;
  }

  #count(isAllowed: boolean, arrivedAtMs: number, wouldAllow: boolean): void {
    if (isAllowed) this.#arrivalsOfAllowed.push(arrivedAtMs);
    else if (wouldAllow) this.#refusedEarly++;
  }

  readonly #write: SimulatedDeps['write'] = async (act) => {
    this.#writes++;
    const isSlow = this.#random() < SLOW_SHARE;
    const ms = isSlow ? SLOW_MS : FASTEST_MS + (SLOWEST_MS - FASTEST_MS) * this.#random();
    await this.#clock.wait(ms / 2);
    const result = act();
    await this.#clock.wait(ms / 2);
    return result;
  };

  async #answerUntil(ms: number): Promise<void> {
    while (this.#clock.waiting > 0 && this.#clock.nextMs <= ms) {
      this.#clock.runNext();
      await settle();
    }
  }
}

/** Runs all microtasks, so each request is complete or waits for the clock. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A limiter that sees every request at once: a counter in each window, or a bucket. */
export class ExactLimiter implements LimitingEnvironment {
  readonly #limits: PlanLimits;
  #windowEndsAtMs = 0;
  #counted = 0;
  #tatMs = 0;
  allowed = 0;

  constructor(limits: PlanLimits) {
    this.#limits = limits;
  }

  take(nowMs: number): boolean {
    const { quota, throttle } = this.#limits;
    const isAllowed =
      (quota === undefined || this.#count(quota, nowMs)) && (throttle === undefined || this.#fill(throttle, nowMs));
    if (isAllowed) this.allowed++;
    return isAllowed;
  }

  #count({ period, limit }: NonNullable<PlanLimits['quota']>, nowMs: number): boolean {
    if (nowMs >= this.#windowEndsAtMs) {
      this.#windowEndsAtMs = windowAt(period, nowMs).endsAtMs;
      this.#counted = 0;
    }
    return ++this.#counted <= limit;
  }

  #fill({ rateLimit, burstLimit }: NonNullable<PlanLimits['throttle']>, nowMs: number): boolean {
    const next = Math.max(this.#tatMs, nowMs) + 1000 / rateLimit;
    if (next > nowMs + (burstLimit * 1000) / rateLimit) return false;
    this.#tatMs = next;
    return true;
  }
}

function excessOf(arrivals: readonly number[], { quota, throttle }: PlanLimits, seconds: number): number {
  if (throttle !== undefined) {
    const { rateLimit, burstLimit } = throttle;
    const permitted = burstLimit + rateLimit * (seconds + 1);
    return Math.max(0, (fullestOf(arrivals, rateLimit) - burstLimit - rateLimit) / permitted);
  }
  if (quota === undefined) return 0;
  const { period, limit } = quota;
  let [most, count, endsAtMs] = [0, 0, 0];
  for (const atMs of arrivals.toSorted((a, b) => a - b)) {
    if (atMs >= endsAtMs) [count, endsAtMs] = [0, windowAt(period, atMs).endsAtMs];
    most = Math.max(most, ++count);
  }
  return Math.max(0, most / limit - 1);
}

/** Returns the largest number of arrivals in any interval, less the rate times its duration. */
export function fullestOf(arrivals: readonly number[], rateLimit: number): number {
  let level = 0;
  let fullest = 0;
  let lastMs = 0;
  for (const atMs of arrivals.toSorted((a, b) => a - b)) {
    level = Math.max(0, level - ((atMs - lastMs) / 1000) * rateLimit) + 1;
    lastMs = atMs;
    fullest = Math.max(fullest, level);
  }
  return fullest;
}
