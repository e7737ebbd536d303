import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy, type FaultProxy } from '../test/support/faultProxy.ts';
import { NO_ANSWERS, NO_ITEMS, REFUSES, STORE_FAULTS, type StoreFault } from '../test/support/storeFaults.ts';
import type { RequestTimes } from './keyModel.ts';

const FAULTS = [...STORE_FAULTS, REFUSES, ...NO_ANSWERS, ...NO_ITEMS];
const LONGEST_MS = 1000;
/** A request that got the last wrong answer of the store may be answered a little later. */
const AFTER_MS = 250;

interface Outage {
  readonly fromMs: number;
  /** When the last of its requests was over; `Infinity` while one may be under way. */
  untilMs: number;
}

/** Stands between functions and the table, and has the table fail now and then, in one of the ways that `docs/reliability.md` has. */
export class Outages {
  readonly #outages: Outage[] = [];
  readonly #proxy: FaultProxy;
  #underWay = 0;
  /** Requests that were let fail. One whose connection is refused does not come by. */
  failed = 0;

  private constructor(proxy: FaultProxy) {
    this.#proxy = proxy;
  }

  /** `endpoint` is where the table is. */
  static async start(endpoint: string): Promise<Outages> {
    return new Outages(await startFaultProxy(endpoint));
  }

  /** Where functions are to find the table. */
  get endpoint(): string {
    return this.#proxy.endpoint;
  }

  get count(): number {
    return this.#outages.length;
  }

  /** Has the table fail for up to a second, and be well for `restMs` after that. */
  async failOnce(restMs: number): Promise<void> {
    // Else it would keep what came by for as long as it runs.
    this.#proxy.requests.length = 0;
    const outage: Outage = { fromMs: Date.now(), untilMs: Infinity };
    this.#outages.push(outage);
    const fault = FAULTS[Math.floor(Math.random() * FAULTS.length)] ?? REFUSES;
    this.#proxy.inflict(fault === REFUSES ? fault : this.#counted(fault));
    await sleep(LONGEST_MS * Math.random());
    await this.#proxy.recover();
    while (this.#underWay > 0) await sleep(10);
    outage.untilMs = Date.now();
    await sleep(restMs);
  }

  /** Whether a fault of the store may be what the request was answered with. */
  mayExplain({ sentMs, answeredMs }: RequestTimes): boolean {
    return this.#outages.some(({ fromMs, untilMs }) => fromMs <= answeredMs && sentMs <= untilMs + AFTER_MS);
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
  }

  #counted(fault: StoreFault): StoreFault {
    return {
      ...fault,
      answer: async (response, body) => {
        this.failed++;
        this.#underWay++;
        if (response.closed) this.#underWay--;
        else response.once('close', () => this.#underWay--);
        await fault.answer(response, body);
      },
    };
  }
}
