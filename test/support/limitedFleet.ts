import {
  latestTatMs,
  limitSubjectOf,
  windowAt,
  type PlanLimits,
  type QuotaAsk,
  type ThrottleAsk,
} from '../../keys/limits.ts';
import { Limiter, type LimitOutcome } from '../../lambda/limiter.ts';
import { LimitCounters } from '../../testing/memoryLimits.ts';
import { SimulatedClock } from './simulatedFleet.ts';

/** What happens to a call to DynamoDB. */
export interface CallFate {
  /** Milliseconds until DynamoDB evaluates the write, and from then until the environment has the response. */
  readonly thereMs: number;
  readonly backMs: number;
  /** `lost` makes the write, but the response is lost. `refused` doesn't make the write, and is an error. */
  readonly outcome: 'answered' | 'lost' | 'refused';
}

export interface LimitedFleetOptions {
  readonly limits: PlanLimits;
  /** The difference of each environment's clock from the real time, in milliseconds. */
  readonly skewsMs: readonly number[];
  /** The fates of the calls, in their order. They repeat. */
  readonly fates: readonly CallFate[];
  readonly startMs: number;
}

/** An outcome, and its times in epoch milliseconds. */
export interface Decision {
  /** The execution environment. A crash ends it. */
  readonly environment: object;
  /** The real time. */
  readonly atMs: number;
  /** The time by the environment's clock. */
  readonly clockMs: number;
  readonly outcome: LimitOutcome;
  /** Requests granted in the quota's window at this time. */
  readonly granted: number;
  /** Time of the environment's last answer when the throttle had fewer left than a lease, or than waiting requests. */
  readonly spentAtMs: number;
}

interface Environment {
  readonly limiter: Limiter;
  readonly now: () => number;
  /** Requests in the leases that arrived, by window. */
  readonly taken: Map<string, number>;
  throttleTaken: number;
  waiting: number;
  spentAtMs: number;
}

/** `LimitStore` waits this long for DynamoDB. */
const TIMEOUT_MS = 300;

/** Execution environments with one subject, real limiters, different clocks and an unreliable store. */
export class LimitedFleet {
  readonly decisions: Decision[] = [];
  readonly environments: Environment[];
  /** All environments, with those that crashed. */
  readonly started: Environment[] = [];
  readonly #options: LimitedFleetOptions;
  readonly #clock: SimulatedClock;
  readonly #table = new LimitCounters();
  readonly #subject;
  #calls = 0;

  constructor(options: LimitedFleetOptions) {
    this.#options = options;
    this.#clock = new SimulatedClock(options.startMs);
    const subject = limitSubjectOf({ id: 'key', plan: 'trial' }, { trial: options.limits });
    if (subject === undefined) throw new Error('expected limits');
    this.#subject = subject;
    this.environments = options.skewsMs.map((skewMs) => this.#start(skewMs));
  }

  /** Starts requests at once. */
  async request(index: number, count: number): Promise<void> {
    const environment = this.#at(index);
    for (let request = 0; request < count; request++) {
      const outcome = environment.limiter.take(this.#subject, environment.now());
      if (!(outcome instanceof Promise)) {
        this.#decide(environment, outcome);
        continue;
      }
      void this.#waitFor(outcome, environment);
    }
    await settle();
  }

  /** Replaces an environment. Its leases are lost. */
  crash(index: number): void {
    const position = index % this.environments.length;
    this.environments[position] = this.#start(this.#options.skewsMs[position] ?? 0);
  }

  /** Advances the clock, and answers the calls that are due. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#clock.now() + ms;
    while (this.#clock.waiting > 0 && this.#clock.nextMs <= untilMs) {
      this.#clock.runNext();
      await settle();
    }
    if (Number.isFinite(untilMs)) this.#clock.advanceTo(untilMs);
  }

  /** Returns the requests granted in a window of the quota. */
  granted(window: string): number {
    return this.#table.counters.get(window) ?? 0;
  }

  /** Returns the subject of the quota's window at a time in epoch milliseconds. */
  windowOf(atMs: number): string {
    const { quota } = this.#options.limits;
    return quota === undefined ? '' : `quota/${quota.period}/${windowAt(quota.period, atMs).start}/key/key`;
  }

  async #waitFor(outcome: Promise<LimitOutcome>, environment: Environment): Promise<void> {
    environment.waiting++;
    const settled = await outcome;
    environment.waiting--;
    this.#decide(environment, settled);
  }

  /** Number of requests without an outcome. */
  get unanswered(): number {
    return this.started.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  #decide(environment: Environment, outcome: LimitOutcome): void {
    const clockMs = environment.now();
    const { spentAtMs } = environment;
    const granted = this.granted(this.windowOf(clockMs));
    this.decisions.push({ environment, atMs: this.#clock.now(), clockMs, outcome, granted, spentAtMs });
  }

  #at(index: number): Environment {
    const environment = this.environments[index % this.environments.length];
    if (environment === undefined) throw new Error('expected an environment');
    return environment;
  }

  #start(skewMs: number): Environment {
    const now = () => this.#clock.now() + skewMs;
    const store = {
      takeQuota: async (ask: QuotaAsk) => {
        const granted = await this.#call(() => this.#table.takeQuota(ask));
        const window = this.windowOf(ask.window.startsAtMs);
        if (granted !== undefined) environment.taken.set(window, (environment.taken.get(window) ?? 0) + ask.count);
        return granted;
      },
      takeThrottle: async (ask: ThrottleAsk) => {
        const { isSpent, tatMs } = await this.#call(() => {
          const beforeMs = this.#table.counters.get('throttle/trial/key/key') ?? -Infinity;
          const { throttle = { rateLimit: 1, burstLimit: 1 } } = this.#options.limits;
          const wanted = Math.max(ask.count, environment.waiting);
          const mostMs = latestTatMs(throttle, { count: wanted, nowMs: ask.nowMs });
          return { isSpent: Math.max(beforeMs, ask.nowMs) > mostMs, tatMs: this.#table.takeThrottle(ask) };
        });
        if (isSpent) environment.spentAtMs = now();
        if (tatMs !== undefined) environment.throttleTaken += ask.count;
        return tatMs;
      },
    };
    const limiter = new Limiter({ store, limits: { trial: this.#options.limits }, now });
    const environment: Environment = {
      limiter,
      now,
      taken: new Map(),
      throttleTaken: 0,
      waiting: 0,
      spentAtMs: -Infinity,
    };
    this.started.push(environment);
    return environment;
  }

  /** Makes a call with the next fate. A response after the timeout is lost, but the write is made. */
  async #call<T>(act: () => T): Promise<T> {
    const { fates } = this.#options;
    const { thereMs, backMs, outcome } = fates[this.#calls++ % fates.length] ?? DEFAULT_FATE;
    const written = this.#clock.wait(thereMs).then(() => (outcome === 'refused' ? undefined : { result: act() }));
    const isLate = thereMs + backMs > TIMEOUT_MS;
    await this.#clock.wait(isLate ? TIMEOUT_MS : thereMs + backMs);
    if (isLate || outcome !== 'answered') throw new Error(`${outcome} by the test`);
    const done = await written;
    if (done === undefined) throw new Error('refused by the test');
    return done.result;
  }
}

const DEFAULT_FATE: CallFate = { thereMs: 2, backMs: 2, outcome: 'answered' };

/** Runs all microtasks, so each request is complete or waits for the clock. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
