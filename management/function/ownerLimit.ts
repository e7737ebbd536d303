import type { LimitSubject, LimitTaker, PlanLimits } from '../../keys/limits.ts';
import { Limiter } from '../../lambda/limiter.ts';
import type { OwnerRate } from './settings.ts';

/** The name in the items of the limits' table. The plan of a key is a separate part of an item's name. */
const PLAN = 'latchkey-management';

export interface OwnerLimitDeps {
  readonly store: LimitTaker;
  readonly rate: OwnerRate;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Receives the error if a request passes because the table of limits didn't answer. */
  readonly onUnchecked: (error: unknown) => void;
}

/** Limits the requests of each owner, over all execution environments. */
export class OwnerLimit {
  readonly #limits: PlanLimits;
  readonly #limiter: Limiter;
  readonly #deps: OwnerLimitDeps;

  constructor(deps: OwnerLimitDeps) {
    const { store, rate, now } = deps;
    this.#limits = { throttle: rate, per: 'owner' };
    this.#limiter = new Limiter({ store, limits: { [PLAN]: this.#limits }, now });
    this.#deps = deps;
  }

  /**
   * Takes one request of an owner. Returns the seconds after which the next one may succeed if there are too many. An
   * outage of the table allows the request, because an owner must still be able to revoke a stolen key.
   */
  async take(owner: string): Promise<number | undefined> {
    const who = `owner/${owner}`;
    const subject: LimitSubject = { plan: PLAN, limits: this.#limits, name: who, who, sinceMs: 0 };
    const outcome = await this.#limiter.take(subject, this.#deps.now());
    if (outcome.effect === 'unknown') this.#deps.onUnchecked(outcome.error);
    return outcome.effect === 'refuse' ? outcome.retryAfterSeconds : undefined;
  }
}
