import { printable } from '../keys/printable.ts';
import type { IssuedOwnedKey, OwnedKey, OwnedKeyFields, OwnedKeyPage, OwnedKeyUsage, OwnerAccess } from './ownedKey.ts';

/** The error of a request that the server rejected or didn't respond to. */
export class KeysProblem extends Error {
  override readonly name = 'KeysProblem';
  /** The code of the server's problem details, `UNREACHABLE` without a response, or `SESSION_ENDED`. */
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }

  /** `true` if the server may have made the change. */
  get isUncertain(): boolean {
    return UNCERTAIN.has(this.code);
  }
}

const UNCERTAIN: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'STORE_UNAVAILABLE',
  'INTERNAL_ERROR',
  'IDEMPOTENCY_IN_PROGRESS',
]);

/** The dependencies of a client. */
export interface KeysClientDeps {
  /** The URL above `/keys`, such as `/me`. */
  readonly baseUrl: string;
  /** Returns the owner's token. Without it, requests to the page's own origin carry its cookies. */
  readonly tokenProvider: (() => Promise<string>) | undefined;
  readonly fetch: typeof fetch;
}

/** A change that must happen at most once. */
export interface OnceOnly {
  /** The `Idempotency-Key`. A repeat with the same key and body makes no second change. */
  readonly idempotencyKey: string;
}

/** The operations of an owner on the management API. Each of them can throw a KeysProblem. */
export type KeysClient = ReturnType<typeof createKeysClient>;

/** Creates a client of the management API for an owner. */
export function createKeysClient(deps: KeysClientDeps) {
  const call = <Answer>(method: string, path: string, more?: CallOptions) => send<Answer>(deps, method, path, more);
  const change = async (method: string, path: string, more: CallOptions) =>
    (await call<{ readonly record: OwnedKey }>(method, path, more)).record;
  return {
    describe: () => call<OwnerAccess>('GET', ''),
    list: (cursor: string | null) =>
      call<OwnedKeyPage>('GET', cursor === null ? '/keys' : `/keys?cursor=${encodeURIComponent(cursor)}`),
    usage: (id: string, by: 'hour' | 'day') => call<OwnedKeyUsage>('GET', `${pathOf(id)}/usage?by=${by}`),
    create: (body: OwnedKeyFields, { idempotencyKey }: OnceOnly) =>
      call<IssuedOwnedKey>('POST', '/keys', { body, headers: { 'idempotency-key': idempotencyKey } }),
    rotate: (id: string, body: object, { idempotencyKey }: OnceOnly) =>
      call<IssuedOwnedKey>('POST', `${pathOf(id)}/rotate`, { body, headers: { 'idempotency-key': idempotencyKey } }),
    update: ({ id, version = 0 }: OwnedKey, body: OwnedKeyFields) =>
      change('PATCH', pathOf(id), { body, headers: { 'if-match': `"${version}"` } }),
    disable: (id: string) => change('POST', `${pathOf(id)}/disable`, { body: {} }),
    enable: (id: string) => change('POST', `${pathOf(id)}/enable`, { body: {} }),
    revoke: (id: string, body: { readonly reason?: string }) => change('POST', `${pathOf(id)}/revoke`, { body }),
  };
}

function pathOf(id: string): string {
  return `/keys/${encodeURIComponent(id)}`;
}

interface CallOptions {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send<Answer>(
  deps: KeysClientDeps,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const request = () => attempt(deps, method, path, options);
  let response = await request();
  // The token may have just expired. The provider then has a newer one.
  if (response.status === 401 && deps.tokenProvider !== undefined) response = await request();
  const answer: unknown = await response.json().catch(failUnreachable);
  if (response.ok) return answer as Answer;
  throw toProblem(response.status, answer);
}

async function attempt(
  { baseUrl, tokenProvider, fetch }: KeysClientDeps,
  method: string,
  path: string,
  { body, headers }: CallOptions,
): Promise<Response> {
  const token = await getToken(tokenProvider);
  return fetch(`${baseUrl.replace(/\/$/, '')}${path}`, {
    method,
    cache: 'no-store',
    credentials: token === undefined ? 'same-origin' : 'omit',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(failUnreachable);
}

async function getToken(tokenProvider: KeysClientDeps['tokenProvider']): Promise<string | undefined> {
  if (tokenProvider === undefined) return undefined;
  try {
    // A page without a session may return nothing.
    const token: unknown = await tokenProvider();
    if (typeof token === 'string' && token !== '') return token;
  } catch {
    // A provider without a session may also throw.
  }
  throw new KeysProblem('SESSION_ENDED', 'there is no token');
}

function failUnreachable(): never {
  throw new KeysProblem('UNREACHABLE', 'there is no response');
}

/** Returns the error for problem details (RFC 9457), or for another response such as an API Gateway's own. */
function toProblem(status: number, answer: unknown): KeysProblem {
  const { code, detail }: { readonly code?: unknown; readonly detail?: unknown } = Object(answer);
  if (status === 401) return new KeysProblem('SESSION_ENDED', 'the session has ended');
  const known = typeof code === 'string' ? code : (CODES[status] ?? (status >= 500 ? 'UNREACHABLE' : 'OTHER'));
  return new KeysProblem(known, typeof detail === 'string' ? printable(detail) : String(status));
}

/** The codes of responses without problem details, by status. */
const CODES: Readonly<Record<number, string>> = { 403: 'FORBIDDEN', 404: 'NOT_FOUND', 429: 'THROTTLED' };
