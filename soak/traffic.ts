import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { mistyped } from '../test/support/keys.ts';
import { pickOne, type KeyPool } from './keyPool.ts';
import type { KeyModel, Outcome, RequestTimes } from './keyModel.ts';
import type { Outages } from './outages.ts';

/** The dependencies and limits of the traffic. */
export interface TrafficOptions {
  /** The gateway's URL. */
  readonly url: string;
  readonly pool: KeyPool;
  readonly outages: Outages;
  /** Maximum age of a cached record in milliseconds. A revoked key may be accepted for as long. */
  readonly recordMs: number;
  /** Maximum age while the store fails, if it's longer. */
  readonly staleMs: number;
}

/** The credential of a request, and the expected outcome if the store works. */
interface Presented {
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: KeyModel | undefined;
  /** The outcome if `key` is undefined. */
  readonly outcome: Outcome;
  /** `true` if the authorizer decides without a read. An outage then doesn't explain another outcome. */
  readonly isDecidedAlone: boolean;
}

interface Answer extends RequestTimes {
  readonly status: number;
  readonly body: string;
}

const API_TYPES = ['rest', 'http'] as const;
type ApiType = (typeof API_TYPES)[number];

const CONNECTIONS = 8;
const MAX_WRONG_LISTED = 20;

/** Sends requests at full speed and checks each response. */
export class Traffic {
  /** The number of responses by API type and outcome. */
  readonly outcomes = new Map<string, number>();
  /** One line for each of the first wrong responses. */
  readonly wrong: string[] = [];
  wrongCount = 0;
  requests = 0;
  /** Maximum time in milliseconds between the end of a revocation and an allowed request with that key. */
  latestAcceptanceMs = 0;
  readonly #options: TrafficOptions;

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  /** Starts each function before the soak, because the soak doesn't measure cold starts. */
  async begin(): Promise<void> {
    const agent = new Agent();
    for (const apiType of API_TYPES) await this.#send(apiType, agent);
    agent.destroy();
  }

  /** Sends requests over a few connections until `isOver` returns `true`. */
  async runUntil(isOver: () => boolean): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const connections = Array.from({ length: CONNECTIONS }, async () => {
      while (!isOver()) await this.#send(pickOne(API_TYPES) ?? 'rest', agent);
    });
    await Promise.all(connections);
    agent.destroy();
  }

  async #send(apiType: ApiType, agent: Agent): Promise<void> {
    const presented = this.#presented();
    const answer = await send(`${this.#options.url}/${apiType}/whoami`, presented.headers, agent);
    const outcome = getOutcome(answer, apiType, presented.key);
    this.requests++;
    const name = `${apiType}: ${outcome}`;
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
    const expected = this.#expected(presented, answer);
    if (!isAmong(outcome, expected)) {
      this.#report(presented, answer, `expected ${[...expected].join(' or ')}, got ${name}`);
    }
    if (outcome === 'ALLOWED' && presented.key !== undefined) {
      this.latestAcceptanceMs = Math.max(this.latestAcceptanceMs, answer.sentMs - presented.key.revokedSinceMs);
    }
  }

  #presented(): Presented {
    const random = Math.random();
    const alone = (what: string, headers: Record<string, string>, outcome: Outcome): Presented => ({
      what,
      headers,
      outcome,
      key: undefined,
      isDecidedAlone: true,
    });
    if (random < 0.03) return alone('no key', {}, 'AUTH_REQUIRED');
    if (random < 0.06) return alone('another scheme', { authorization: 'Basic dXNlcjpwYXNz' }, 'AUTH_REQUIRED');
    const invented = this.#options.pool.inventedKey();
    if (random < 0.1) return alone('a mistyped key', bearer(mistyped(invented)), 'INVALID_KEY');
    if (random < 0.12) return alone('hostile headers', hostileHeaders(invented), 'INVALID_KEY');
    const key = random < 0.2 ? undefined : pickOne(this.#options.pool.keys);
    const headers = bearer(key?.secret ?? invented);
    return { what: key?.id ?? 'an invented key', headers, key, outcome: 'INVALID_KEY', isDecidedAlone: false };
  }

  #expected({ key, outcome, isDecidedAlone }: Presented, times: RequestTimes): ReadonlySet<Outcome> {
    const { outages, recordMs, staleMs } = this.#options;
    const mayFail = !isDecidedAlone && outages.mayExplain(times);
    const maxAgeMs = mayFail ? Math.max(recordMs, staleMs) : recordMs;
    const decided = key?.outcomes({ ...times, recordMs: maxAgeMs }) ?? new Set([outcome]);
    return mayFail ? new Set<Outcome>([...decided, 'FAULT']) : decided;
  }

  #report({ what }: Presented, { status, body, sentMs, answeredMs }: Answer, why: string): void {
    this.wrongCount++;
    if (this.wrong.length >= MAX_WRONG_LISTED) return;
    const at = `${new Date(sentMs).toISOString()}, ${answeredMs - sentMs} ms`;
    this.wrong.push(`${at}: ${what}: ${why}; ${status} ${body.slice(0, 200)}`);
  }
}

/** Returns whether an outcome is expected. HTTP APIs don't return the code of a denial. */
function isAmong(outcome: string, expected: ReadonlySet<string>): boolean {
  if (outcome !== 'DENIED') return expected.has(outcome);
  return [...expected].some((one) => one !== 'ALLOWED' && one !== 'AUTH_REQUIRED' && one !== 'FAULT');
}

/**
 * Returns the outcome of a response, or its status if the outcome is unknown. An allowed request must receive its own
 * key's id.
 */
function getOutcome({ status, body }: Answer, apiType: ApiType, key: KeyModel | undefined): string {
  if (status === 200) return body.includes(`"keyId":"${key?.id}"`) ? 'ALLOWED' : '200 for another key';
  if (apiType === 'http') return OUTCOME_BY_STATUS[status] ?? String(status);
  const [, code = String(status)] = /"error":\{"code":"(\w+)"/.exec(body) ?? [];
  return code === 'AUTHORIZER_UNAVAILABLE' ? 'FAULT' : code;
}

const OUTCOME_BY_STATUS: Readonly<Record<number, Outcome>> = { 401: 'AUTH_REQUIRED', 403: 'DENIED', 500: 'FAULT' };

function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

/** Returns hostile headers that an HTTP client can send. */
function hostileHeaders(secret: string): Record<string, string> {
  const names = ['constructor', '__proto__', 'toString', 'x-$connect'].map((name) => [name, '*']);
  return { ...Object.fromEntries(names), authorization: `Bearer ${secret}, Bearer ${secret}` };
}

async function send(url: string, headers: Readonly<Record<string, string>>, agent: Agent): Promise<Answer> {
  const sentMs = Date.now();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent, headers }, resolve).on('error', reject).end();
  });
  const body = await text(response);
  return { sentMs, answeredMs: Date.now(), status: response.statusCode ?? 0, body };
}
