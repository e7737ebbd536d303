import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { mistyped } from '../test/support/keys.ts';
import { anyOf, type KeyPool } from './keyPool.ts';
import type { KeyModel, Outcome, RequestTimes } from './keyModel.ts';
import type { Outages } from './outages.ts';

export interface TrafficOptions {
  /** The gateway's. */
  readonly url: string;
  readonly pool: KeyPool;
  readonly outages: Outages;
  /** How long a record may answer for its key, and so how long a revoked key may be accepted. */
  readonly recordMs: number;
  /** The same where the store fails, if that is longer. */
  readonly staleMs: number;
}

/** What a request presents, and what it may come to without a fault of the store. */
interface Presented {
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: KeyModel | undefined;
  /** Of what is no key of the table. */
  readonly outcome: Outcome;
  /** Whether the store is not asked, so that no fault of it is an excuse. */
  readonly isDecidedAlone: boolean;
}

interface Answer extends RequestTimes {
  readonly status: number;
  readonly body: string;
}

const API_TYPES = ['rest', 'http'] as const;
type ApiType = (typeof API_TYPES)[number];

const CONNECTIONS = 8;
const MOST_WRONG_TOLD = 20;

/** Requests at full speed, each answer of which is held against what it may be. */
export class Traffic {
  /** By surface and outcome. */
  readonly outcomes = new Map<string, number>();
  /** The first of them, in words. */
  readonly wrong: string[] = [];
  wrongCount = 0;
  requests = 0;
  /** The longest after a revocation was done that a request with the key was sent and allowed, in milliseconds. */
  latestAcceptanceMs = 0;
  readonly #options: TrafficOptions;

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  /** Has each function start, so that the time of the soak is none of theirs. */
  async begin(): Promise<void> {
    const agent = new Agent();
    for (const apiType of API_TYPES) await this.#ask(apiType, agent);
    agent.destroy();
  }

  /** Sends requests over a few connections until the time has come, in epoch milliseconds. */
  async runUntil(endMs: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const connections = Array.from({ length: CONNECTIONS }, async () => {
      while (Date.now() < endMs) await this.#ask(anyOf(API_TYPES) ?? 'rest', agent);
    });
    await Promise.all(connections);
    agent.destroy();
  }

  async #ask(apiType: ApiType, agent: Agent): Promise<void> {
    const presented = this.#presented();
    const answer = await send(`${this.#options.url}/${apiType}/whoami`, presented.headers, agent);
    const outcome = outcomeOf(answer, apiType, presented.key);
    this.requests++;
    const name = `${apiType}: ${outcome}`;
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
    const expected = this.#expected(presented, answer);
    if (!isAmong(outcome, expected)) this.#tell(presented, answer, `${name}, wanted ${[...expected].join(' or ')}`);
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
    const key = random < 0.2 ? undefined : anyOf(this.#options.pool.keys);
    const headers = bearer(key?.secret ?? invented);
    return { what: key?.id ?? 'an invented key', headers, key, outcome: 'INVALID_KEY', isDecidedAlone: false };
  }

  #expected({ key, outcome, isDecidedAlone }: Presented, times: RequestTimes): ReadonlySet<Outcome> {
    const { outages, recordMs, staleMs } = this.#options;
    const mayFail = !isDecidedAlone && outages.mayExplain(times);
    const heldMs = mayFail ? Math.max(recordMs, staleMs) : recordMs;
    const decided = key?.outcomes({ ...times, recordMs: heldMs }) ?? new Set([outcome]);
    return mayFail ? new Set<Outcome>([...decided, 'FAULT']) : decided;
  }

  #tell({ what }: Presented, { status, body, sentMs, answeredMs }: Answer, why: string): void {
    this.wrongCount++;
    if (this.wrong.length >= MOST_WRONG_TOLD) return;
    const at = `${new Date(sentMs).toISOString()}, ${answeredMs - sentMs} ms`;
    this.wrong.push(`${at}: ${what}: ${why}; ${status} ${body.slice(0, 200)}`);
  }
}

/** An HTTP API does not tell why it refuses a key. */
function isAmong(outcome: string, expected: ReadonlySet<string>): boolean {
  if (outcome !== 'DENIED') return expected.has(outcome);
  return [...expected].some((one) => one !== 'ALLOWED' && one !== 'AUTH_REQUIRED' && one !== 'FAULT');
}

/** What the answer says, or its status where that is none that the API gives. An allowed request is answered for its own key. */
function outcomeOf({ status, body }: Answer, apiType: ApiType, key: KeyModel | undefined): string {
  if (status === 200) return body.includes(`"keyId":"${key?.id}"`) ? 'ALLOWED' : '200 for another key';
  if (apiType === 'http') return OF_STATUS[status] ?? String(status);
  const [, code = String(status)] = /"error":\{"code":"(\w+)"/.exec(body) ?? [];
  return code === 'AUTHORIZER_UNAVAILABLE' ? 'FAULT' : code;
}

const OF_STATUS: Readonly<Record<number, Outcome>> = { 401: 'AUTH_REQUIRED', 403: 'DENIED', 500: 'FAULT' };

function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

/** As far as a client of HTTP can send them. */
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
