import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy, type FaultProxy } from '../test/support/faultProxy.ts';
import { NO_ANSWERS, NO_ITEMS, REFUSES, STORE_FAULTS, type StoreFault } from '../test/support/storeFaults.ts';
import type { RequestTimes } from './keyModel.ts';

const FAULTS = [...STORE_FAULTS, REFUSES, ...NO_ANSWERS, ...NO_ITEMS];
const LONGEST_MS = 1000;
/** Delay in milliseconds within which an outage may still affect the response to a request. */
const AFTER_MS = 250;

interface Outage {
  readonly fromMs: number;
  /** Epoch milliseconds at which its last request ended; `Infinity` while a request may be running. */
  untilMs: number;
}

/** A proxy between the functions and the table. It sometimes fails in the ways that `docs/reliability.md` lists. */
export class Outages {
  readonly #outages: Outage[] = [];
  readonly #proxy: FaultProxy;
  #running = 0;
  /** The number of failed requests, excluding refused connections. */
  failed = 0;

  private constructor(proxy: FaultProxy) {
    this.#proxy = proxy;
  }

  /** Starts the proxy in front of the table at `endpoint`. */
  static async start(endpoint: string): Promise<Outages> {
    return new Outages(await startFaultProxy(endpoint));
  }

  /** The endpoint for the functions. */
  get endpoint(): string {
    return this.#proxy.endpoint;
  }

  get count(): number {
    return this.#outages.length;
  }

  /** Makes the table fail for up to a second. The table then works for `restMs` milliseconds. */
  async failOnce(restMs: number): Promise<void> {
    // The proxy would otherwise keep all requests of the run.
    this.#proxy.requests.length = 0;
    const outage: Outage = { fromMs: Date.now(), untilMs: Infinity };
    this.#outages.push(outage);
    const fault = FAULTS[Math.floor(Math.random() * FAULTS.length)] ?? REFUSES;
    this.#proxy.inflict(fault === REFUSES ? fault : this.#counted(fault));
    await sleep(LONGEST_MS * Math.random());
    await this.#proxy.recover();
    while (this.#running > 0) await sleep(10);
    outage.untilMs = Date.now();
    await sleep(restMs);
  }

  /** Returns whether an outage may explain the response to a request. */
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
        this.#running++;
        if (response.closed) this.#running--;
        else response.once('close', () => this.#running--);
        await fault.answer(response, body);
      },
    };
  }
}
