import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import { closeNow, listenOnLoopback } from '../../local/loopback.ts';

/** API Gateway's management API on the loopback interface. */
export interface ApiGatewayEngine {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** An error response of the fake. */
export interface Failure {
  readonly name: string;
  readonly status: number;
  readonly message?: string;
  /** The method and path of the failing request, with a star for each id, such as `POST apikeys`. */
  readonly on?: string;
  /** `true` if the fake makes the change before it fails. The effect is a lost response. */
  readonly isDone?: boolean;
}

/** AWS's error for concurrent writes in one account and Region. */
export const CONCURRENT_MODIFICATION: Failure = {
  name: 'ConflictException',
  status: 409,
  message: 'Unable to complete operation due to concurrent modification. Please try again later.',
};

/** A fake of the management API that records its requests and can fail. */
export interface ApiGatewayFake extends ApiGatewayEngine {
  /** Makes the next requests fail, one per error. An error with `on` fails the next request of that kind. */
  readonly failWith: (...failures: Failure[]) => void;
  /** The method, path and query of each request so far. */
  readonly asked: readonly string[];
}

interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly enabled: boolean;
}

interface UsagePlan {
  /** The stages of the plan, each as `api:stage`. */
  readonly stages: readonly string[];
  /** The ids of the plan's keys. */
  readonly entered: Set<string>;
}

interface Request {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: () => Promise<unknown>;
}

class Refusal extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, status: number, message = name) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

const NOT_FOUND = new Refusal('NotFoundException', 404);
const CONFLICT = new Refusal('ConflictException', 409);
const BAD_REQUEST = new Refusal('BadRequestException', 400);
/** Small, so every list has several pages. Filters apply to each page, so pages can be empty. */
const PAGE_SIZE = 2;

/** Starts a fake with API keys, usage plans and their keys. It follows the "Amazon API Gateway API Reference". */
export async function startApiGatewayFake(): Promise<ApiGatewayFake> {
  const state = new State();
  const failures: Failure[] = [];
  const asked: string[] = [];
  const server = createServer((message, response) => void serve(message, response));
  async function serve(message: IncomingMessage, response: ServerResponse) {
    const { pathname, searchParams: query } = new URL(message.url ?? '', 'http://fake');
    const path = pathname.split('/').slice(1).map(decodeURIComponent);
    asked.push(`${message.method} ${message.url}`);
    try {
      const shape = `${message.method} ${shapeOf(path)}`;
      const next = failures.findIndex(({ on = shape }) => on === shape);
      const [failure] = next < 0 ? [] : failures.splice(next, 1);
      if (failure !== undefined && failure.isDone !== true) throw refusalOf(failure);
      const answer = await state.answer(shape, { path, query, body: () => readJson(message) });
      if (failure !== undefined) throw refusalOf(failure);
      response.writeHead(answer === undefined ? 202 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.writeHead(error.status, { 'content-type': 'application/json', 'x-amzn-errortype': error.name });
      response.end(JSON.stringify({ message: error.message }));
    }
  }
  const endpoint = `http://127.0.0.1:${await listenOnLoopback(server, 0, 'the fake of API Gateway')}`;
  return { endpoint, asked, failWith: (...errors) => failures.push(...errors), stop: () => closeNow(server) };
}

function refusalOf({ name, status, message }: Failure): Refusal {
  return new Refusal(name, status, message);
}

/** Returns the path with a star for each id, such as `apikeys/*`. */
function shapeOf(path: readonly string[]): string {
  return path.map((part, at) => (at % 2 === 1 ? '*' : part)).join('/');
}

class State {
  readonly #keys = new Map<string, ApiKey>();
  readonly #plans = new Map<string, UsagePlan>();
  #lastId = 0;

  async answer(shape: string, { path: [, id = '', , keyId = ''], query, body }: Request): Promise<object | undefined> {
    if (shape === 'POST apikeys') return this.#createKey(await body());
    if (shape === 'GET apikeys') return this.#listKeys(query);
    if (shape === 'DELETE apikeys/*') return this.#deleteKey(id);
    if (shape === 'POST usageplans') return this.#createPlan(await body());
    if (shape === 'GET usageplans') return this.#listPlans(query);
    if (shape === 'GET usageplans/*/keys') return this.#listEntered(id, query);
    if (shape === 'POST usageplans/*/keys') return this.#enter(id, await body());
    if (shape === 'DELETE usageplans/*/keys/*') return this.#leave(id, keyId);
    throw BAD_REQUEST;
  }

  #createKey(body: unknown): ApiKey {
    const [name, value] = [textIn(body, 'name'), textIn(body, 'value')];
    if (!/^[A-Za-z0-9]{20,128}$/.test(value)) throw BAD_REQUEST;
    if ([...this.#keys.values()].some((key) => key.value === value)) throw CONFLICT;
    const key = { id: this.#newId(), name, value, enabled: fieldIn(body, 'enabled') === true };
    this.#keys.set(key.id, key);
    return key;
  }

  #listKeys(query: URLSearchParams): object {
    const { item, ...rest } = page([...this.#keys.values()], query);
    const items = item.filter(({ name }) => name.startsWith(query.get('name') ?? ''));
    const isShown = query.get('includeValues') === 'true';
    return { ...rest, item: items.map(({ value, ...shown }) => ({ ...shown, ...(isShown ? { value } : {}) })) };
  }

  #deleteKey(id: string): undefined {
    if (!this.#keys.delete(id)) throw NOT_FOUND;
    for (const { entered } of this.#plans.values()) entered.delete(id);
  }

  #createPlan(body: unknown): object {
    const id = this.#newId();
    const { apiStages } = Object(body) as { readonly apiStages?: readonly Record<string, string>[] };
    const stages = (apiStages ?? []).map(({ apiId, stage }) => `${apiId}:${stage}`);
    this.#plans.set(id, { stages, entered: new Set() });
    return { id };
  }

  #listPlans(query: URLSearchParams): object {
    const keyId = query.get('keyId') ?? '';
    return page([...this.#plans].filter(([, { entered }]) => entered.has(keyId)).map(([id]) => ({ id })), query); // prettier-ignore
  }

  #listEntered(planId: string, query: URLSearchParams): object {
    return page([...this.#plan(planId).entered].map((id) => ({ id })), query); // prettier-ignore
  }

  /** Adds a key to a plan. A key can be on only one plan for each stage. */
  #enter(planId: string, body: unknown): object {
    const keyId = textIn(body, 'keyId');
    if (textIn(body, 'keyType') !== 'API_KEY') throw BAD_REQUEST;
    if (!this.#keys.has(keyId)) throw NOT_FOUND;
    const plan = this.#plan(planId);
    const others = [...this.#plans.values()].filter(({ entered }) => entered.has(keyId));
    const isTaken = others.some((other) => other === plan || other.stages.some((stage) => plan.stages.includes(stage)));
    if (isTaken) throw CONFLICT;
    plan.entered.add(keyId);
    return { id: keyId };
  }

  #leave(planId: string, keyId: string): undefined {
    if (!this.#plan(planId).entered.delete(keyId)) throw NOT_FOUND;
  }

  #plan(planId: string): UsagePlan {
    const plan = this.#plans.get(planId);
    if (plan === undefined) throw NOT_FOUND;
    return plan;
  }

  #newId(): string {
    return `id${++this.#lastId}`;
  }
}

function page<T>(all: readonly T[], query: URLSearchParams): { item: readonly T[]; position?: string } {
  const start = Number(query.get('position') ?? 0);
  const end = start + PAGE_SIZE;
  return { item: all.slice(start, end), ...(end < all.length ? { position: String(end) } : {}) };
}

function textIn(body: unknown, name: string): string {
  const value = fieldIn(body, name);
  return typeof value === 'string' ? value : '';
}

function fieldIn(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? new Map(Object.entries(body)).get(name) : undefined;
}
