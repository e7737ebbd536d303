import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDbProxy } from '../test/support/dynamoDbProxy.ts';
import type { RequestTimes } from './keyModel.ts';

/** Deals with one request in the store's place. */
type Fault = (response: ServerResponse) => void;

const error = (status: number, name: string) => (response: ServerResponse) => {
  response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' }));
};

/** What a store does while it is failing, by name. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'an internal error': error(500, 'InternalServerError'),
  throttling: error(400, 'ProvisionedThroughputExceededException'),
  'expired credentials': error(400, 'ExpiredTokenException'),
  'a reset': (response) => response.destroy(),
  'half an answer': (response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0', 'Content-Length': '1000' });
    response.write('{"Item":{"id":');
    response.destroy();
  },
  'what is no JSON': (response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0' }).end('<html>');
  },
  'no answer': () => {},
};

const NAMES = Object.keys(FAULTS);
const LONGEST_MS = 1000;
/** A request that got the last wrong answer of the store may be answered a little later. */
const AFTER_MS = 250;

interface Outage {
  readonly fromMs: number;
  /** When the last of its requests was over; `Infinity` while one may be under way. */
  untilMs: number;
}

/** Stands between functions and the table, and has the table fail now and then. */
export class StoreFaults {
  readonly #outages: Outage[] = [];
  #proxy: DynamoDbProxy | undefined;
  #fault: Fault | undefined;
  #underWay = 0;
  /** Requests that were let fail. */
  failed = 0;

  /** `endpoint` is where the table is. */
  static async start(endpoint: string): Promise<StoreFaults> {
    const faults = new StoreFaults();
    faults.#proxy = await DynamoDbProxy.start({
      endpoint,
      intercept: (_, response) => faults.#intercept(response),
    });
    return faults;
  }

  /** Where functions are to find the table. */
  get endpoint(): string {
    return this.#proxy?.endpoint ?? '';
  }

  get outages(): number {
    return this.#outages.length;
  }

  /** Has the table fail for up to a second, and be well for `restMs` after that. */
  async failOnce(restMs: number): Promise<void> {
    // Else it would keep what came by for as long as it runs.
    if (this.#proxy !== undefined) this.#proxy.requests.length = 0;
    const outage: Outage = { fromMs: Date.now(), untilMs: Infinity };
    this.#outages.push(outage);
    this.#fault = FAULTS[NAMES[Math.floor(Math.random() * NAMES.length)] ?? ''];
    await sleep(LONGEST_MS * Math.random());
    this.#fault = undefined;
    while (this.#underWay > 0) await sleep(10);
    outage.untilMs = Date.now();
    await sleep(restMs);
  }

  /** Whether a fault of the store may be what the request was answered with. */
  mayExplain({ sentMs, answeredMs }: RequestTimes): boolean {
    return this.#outages.some(({ fromMs, untilMs }) => fromMs <= answeredMs && sentMs <= untilMs + AFTER_MS);
  }

  async stop(): Promise<void> {
    await this.#proxy?.stop();
  }

  #intercept(response: ServerResponse): boolean {
    if (this.#fault === undefined) return false;
    this.failed++;
    this.#underWay++;
    response.once('close', () => this.#underWay--);
    this.#fault(response);
    return true;
  }
}
