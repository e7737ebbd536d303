import { beforeEach, describe, expect, test } from '@jest/globals';
import { CliError } from '../../../operator/errors.ts';
import { createConsoleApp, START_PATH } from '../../../console/server/consoleApp.ts';
import { Session } from '../../../console/server/guards.ts';
import { confirmed, UnconfirmedChange } from '../../../management/problems.ts';
import { LatchkeyError, type ErrorCode } from '../../../keys/errors.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { answersInOrder } from '../../support/answersInOrder.ts';
import { failureOf } from '../../support/failureOf.ts';

const PORT = 4321;
const HOST = `127.0.0.1:${PORT}`;
const TOKEN = 'token';
const COOKIE = 'cookie';
/** The API's response to a request that passed all guards. */
const PASSED = { status: 404, code: 'NO_SUCH_PATH' };

let notes: string[] = [];
beforeEach(() => {
  notes = [];
});

interface Started {
  readonly port?: number;
  readonly isReadOnly?: boolean;
  readonly registry?: KeyRegistry;
  /** `true` if a browser has opened the URL. It then holds the cookie. */
  readonly isOpened?: boolean;
}

/** Creates the console's app without a table, with the cookie `COOKIE` and the token `TOKEN`. */
function startApp({
  port = PORT,
  isReadOnly = false,
  registry = failingRegistry(new Error('unused')),
  isOpened = true,
}: Started = {}) {
  const draws = [TOKEN, COOKIE];
  const session = new Session(() => draws.shift() ?? 'none');
  session.newToken();
  if (isOpened) session.exchange(TOKEN);
  return createConsoleApp({
    port,
    session,
    files: new Map([['/', { contentType: 'text/html', content: '<html>' }]]),
    registry,
    location: { kind: 'aws', tableName: 'keys', endpoint: undefined, revocationDelaySeconds: 60 },
    actor: 'alice',
    isReadOnly,
    command: 'latchkey console --table keys',
    note: (line) => notes.push(line),
  });
}

/** Returns a registry whose `list` fails with this error. */
function failingRegistry(fault: unknown): KeyRegistry {
  const registry = new KeyRegistry({ client: answersInOrder().client, tableName: 'keys', actor: 'alice' });
  registry.list = () => Promise.reject(fault);
  return registry;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** Sends a request with valid headers, except for the given ones; `undefined` removes a header. */
async function send(method: string, path: string, given: Headers = {}, started: Started = {}) {
  const { port = PORT } = started;
  const own = { host: `127.0.0.1:${port}`, cookie: `latchkey-console-${port}=${COOKIE}` };
  const change = { origin: `http://127.0.0.1:${port}`, 'content-type': 'application/json', 'content-length': '2' };
  const all: Headers = { ...own, ...(method === 'GET' || method === 'HEAD' ? {} : change), ...given };
  const headers = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const answer = await startApp(started).request(path, {
    method,
    headers,
    ...(method === 'POST' ? { body: '{}' } : {}),
  });
  const text = await answer.text();
  const { code, detail: message } = text.startsWith('{') ? JSON.parse(text) : {};
  return { status: answer.status, code, message, headers: answer.headers, text };
}

describe('the console', () => {
  test.each<[string, string, string, Headers]>([
    ['with a foreign Host', 'GET', '/', { host: 'evil.example' }],
    ['without a Host', 'GET', '/', { host: undefined }],
    ['with an empty Host', 'GET', '/', { host: '' }],
    ['with its own Host without a port', 'GET', '/', { host: '127.0.0.1' }],
  ])('rejects a request %s with HOST_REFUSED', async (_, method, path, headers) => {
    expect(await send(method, path, headers)).toMatchObject({ status: 403, code: 'HOST_REFUSED' });
  });

  test.each<[string, string, Headers]>([
    ['a change without Origin', 'POST', { origin: undefined }],
    ['a change with an empty Origin', 'POST', { origin: '' }],
    ['a change from another port', 'POST', { origin: 'http://127.0.0.1:1' }],
    ['a change from its own host over TLS', 'POST', { origin: `https://${HOST}` }],
    ['a change with the origin null', 'POST', { origin: 'null' }],
    ['a change from another site, with its own Origin', 'POST', { 'sec-fetch-site': 'cross-site' }],
    ['a change that the browser attributes to the address bar', 'POST', { 'sec-fetch-site': 'none' }],
    ['a read from another site', 'GET', { 'sec-fetch-site': 'cross-site' }],
    ['a read from another port of this machine', 'GET', { 'sec-fetch-site': 'same-site' }],
  ])('rejects %s with ORIGIN_REFUSED', async (_, method, headers) => {
    expect(await send(method, '/api/x', headers)).toMatchObject({ status: 403, code: 'ORIGIN_REFUSED' });
  });

  test.each<[string, string | undefined]>([
    ['without a cookie', undefined],
    ['with an empty cookie', `latchkey-console-${PORT}=`],
    ['with the cookie of another port', `latchkey-console-1=${COOKIE}`],
    ['with the token as the cookie', `latchkey-console-${PORT}=${TOKEN}`],
    ['with a prefix of the cookie', `latchkey-console-${PORT}=${COOKIE.slice(0, -1)}`],
  ])('rejects a request %s with SESSION_REQUIRED', async (_, cookie) => {
    expect(await send('GET', '/api/x', { cookie })).toMatchObject({ status: 401, code: 'SESSION_REQUIRED' });
    expect(await send('POST', '/api/x', { cookie })).toMatchObject({ status: 401, code: 'SESSION_REQUIRED' });
  });

  test.each(['POST', 'PATCH', 'PUT', 'DELETE'])(
    'rejects a %s request with READ_ONLY if it was started with --read-only',
    async (method) => {
      const refused = await send(method, '/api/x', {}, { isReadOnly: true });
      expect(refused).toMatchObject({ status: 403, code: 'READ_ONLY' });
      expect(refused.message).toContain('--read-only');
      expect(await send(method, '/api/x')).toMatchObject(PASSED);
    },
  );

  test.each(['GET', 'POST'])(
    "accepts a %s request that the browser attributes to the console's own page",
    async (method) => {
      expect(await send(method, '/api/x', { 'sec-fetch-site': 'same-origin' })).toMatchObject(PASSED);
    },
  );

  test.each(['GET', 'HEAD'])(
    'accepts a %s request without an Origin or a body if it was started with --read-only',
    async (method) => {
      expect(await send(method, '/api/x', {}, { isReadOnly: true })).toMatchObject({ status: 404 });
    },
  );

  test.each([undefined, '', 'text/plain', 'application/jsonp', 'text/plain; application/json', 'xapplication/json'])(
    'rejects a change whose content type is %j with JSON_REQUIRED',
    async (contentType) => {
      const answer = await send('POST', '/api/x', { 'content-type': contentType });
      expect(answer).toMatchObject({ status: 415, code: 'JSON_REQUIRED' });
      expect(answer.message).toContain('application/json');
    },
  );

  test.each(['application/json', 'APPLICATION/JSON', 'application/json;charset=utf-8', 'application/json  ; x'])(
    'accepts a change whose content type is %j',
    async (contentType) => {
      expect(await send('POST', '/api/x', { 'content-type': contentType })).toMatchObject(PASSED);
    },
  );

  test.each([undefined, '65537', 'x'])(
    'rejects a change whose Content-Length is %j with BODY_TOO_LARGE',
    async (length) => {
      const answer = await send('POST', '/api/x', { 'content-length': length });
      expect(answer).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    },
  );

  test('accepts a change of 64 KB', async () => {
    expect(await send('POST', '/api/x', { 'content-length': '65536' })).toMatchObject(PASSED);
  });

  test.each([
    ['127.0.0.1', 'http://127.0.0.1', PASSED],
    ['localhost', 'http://localhost', PASSED],
    ['127.0.0.1:80', 'http://127.0.0.1:80', PASSED],
    ['localhost', 'http://evil.example', { status: 403, code: 'ORIGIN_REFUSED' }],
  ])('responds on port 80 to a change with the Host %s and the Origin %s: %j', async (host, origin, expected) => {
    expect(await send('POST', '/api/x', { host, origin }, { port: 80 })).toMatchObject(expected);
  });

  test('serves only its page to a browser without a session', async () => {
    expect(await send('GET', '/', { cookie: undefined })).toMatchObject({ status: 200, text: '<html>' });
    expect((await send('GET', '/', { cookie: undefined })).headers.get('content-type')).toBe('text/html');
    const missing = await send('GET', '/none', { cookie: undefined });
    expect(missing).toMatchObject(PASSED);
    expect(missing.message).not.toBe('');
  });

  test('returns the table, the actor and the command from GET /api/session', async () => {
    const { text } = await send('GET', '/api/session');
    expect(JSON.parse(text)).toEqual({
      table: {
        name: 'keys',
        title: 'keys',
        kind: 'aws',
        region: null,
        account: null,
        revocationDelaySeconds: 60,
        acceptedKeys: null,
        plans: null,
        hasLimits: false,
        apiUrl: null,
        hasUsage: false,
      },
      actor: 'alice',
      isReadOnly: false,
      keyPrefixes: [],
      command: 'latchkey console --table keys',
    });
  });
});

describe('the API of the console', () => {
  test.each<[string, string, unknown, RegExp]>([
    ['POST', '/api/keys', ['x'], /^body: expected a JSON object, got a list of 1$/],
    [
      'POST',
      '/api/keys',
      { label: 'x', id: 'y' },
      /^body: expected only the fields label, owner, scopes, plan, expiresAt, allowedIps, metadata, prefix, got "id"$/,
    ],
    ['PATCH', '/api/keys/x', [], /^body: expected a JSON object, got a list of 0$/],
    ['PATCH', '/api/keys/x', { changes: {}, expected: {} }, / metadata, got "changes", "expected"$/],
    ['POST', '/api/keys/x/disable', { reason: 'y' }, /expected no fields, got "reason"$/],
    ['POST', '/api/keys/x/enable', { anything: 1 }, /expected no fields, got "anything"$/],
    ['POST', '/api/keys/x/revoke', { why: 'y' }, / fields reason, got "why"$/],
    ['POST', '/api/keys/x/rotate', { graceSeconds: 0, grace: 1 }, / graceSeconds, expiresAt, prefix, got "grace"$/],
    ['POST', '/api/keys', { metadata: nested(41) }, /^body: expected at most 40 levels /],
  ])(
    'responds to %s %s with a description of the expected body if the body is %j',
    async (method, path, body, expected) => {
      const headers = {
        host: HOST,
        cookie: `latchkey-console-${PORT}=${COOKIE}`,
        origin: `http://${HOST}`,
        'content-type': 'application/json',
        'content-length': '2',
        ...(method === 'PATCH' && { 'if-match': '"0"' }),
      };
      const answer = await startApp().request(path, { method, headers, body: JSON.stringify(body) });
      const { code, detail } = JSON.parse(await answer.text());
      expect({ status: answer.status, code }).toEqual({ status: 400, code: 'INPUT_INVALID' });
      expect(detail).toMatch(expected);
    },
  );
});

/** Returns nested lists of this depth. */
function nested(depth: number): unknown {
  return Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);
}

describe('the console at the URL that it prints', () => {
  const start = (headers: Headers, query = `?token=${TOKEN}`, method = 'GET') =>
    send(method, START_PATH + query, headers, { isOpened: !('cookie' in headers) });

  test('exchanges the token in the URL for a cookie', async () => {
    const { status, headers } = await start({ cookie: undefined });
    expect(status).toBe(303);
    expect(headers.get('location')).toBe('/');
    expect(headers.get('set-cookie')).toBe(`latchkey-console-${PORT}=${COOKIE}; Path=/; HttpOnly; SameSite=Strict`);
  });

  test.each(['', '?token=', '?token=x', `?token=${COOKIE}`, `?token=${TOKEN}x`])(
    'rejects the query %j with TOKEN_REFUSED without setting a cookie',
    async (query) => {
      const { status, code, message, headers } = await start({ cookie: undefined }, query);
      expect({ status, code }).toEqual({ status: 403, code: 'TOKEN_REFUSED' });
      expect(message).toContain('restart the console');
      expect(headers.get('set-cookie')).toBeNull();
    },
  );

  test('redirects a browser that already has the cookie without setting a new one', async () => {
    const { status, headers } = await start({}, '');
    expect({ status, cookie: headers.get('set-cookie') }).toEqual({ status: 303, cookie: null });
  });

  test("doesn't set a cookie for a HEAD request", async () => {
    const { status, headers } = await start({ cookie: undefined }, `?token=${TOKEN}`, 'HEAD');
    expect({ status, cookie: headers.get('set-cookie') }).toEqual({ status: 403, cookie: null });
  });
});

describe('a session', () => {
  const createSession = () => {
    let drawn = 0;
    return new Session(() => `draw ${++drawn}`);
  };

  test('exchanges its token once', () => {
    const session = createSession();
    expect(session.exchange('draw 1')).toBeUndefined();
    const token = session.newToken();
    expect([session.exchange('x'), session.exchange(token), session.exchange(token)]).toEqual([
      undefined,
      'draw 2',
      undefined,
    ]);
  });

  test('recognizes only the cookie of an exchanged token', () => {
    const session = createSession();
    const token = session.newToken();
    expect(session.isHeldBy('draw 2')).toBe(false);
    const cookie = session.exchange(token);
    expect([cookie, token, '', undefined].map((given) => session.isHeldBy(given))).toEqual([true, false, false, false]);
  });

  test('rejects a token that a newer token has replaced', () => {
    const session = createSession();
    const replaced = session.newToken();
    const newest = session.newToken();
    expect(session.exchange(replaced)).toBeUndefined();
    expect(session.exchange(newest)).toBe('draw 3');
  });

  test('keeps its cookie until a newer token is exchanged', () => {
    const session = createSession();
    const cookie = session.exchange(session.newToken());
    const token = session.newToken();
    expect(session.isHeldBy(cookie)).toBe(true);
    const newCookie = session.exchange(token);
    expect([cookie, newCookie].map((given) => session.isHeldBy(given))).toEqual([false, true]);
  });
});

describe('the console after a registry error', () => {
  const listed = (error: unknown) => send('GET', '/api/keys', {}, { registry: failingRegistry(error) });

  test.each<[ErrorCode, number]>([
    ['INPUT_INVALID', 400],
    ['NOT_FOUND', 404],
    ['ALREADY_REVOKED', 409],
    ['CONFLICT', 409],
    ['RECORD_CORRUPT', 500],
    ['CONFIG_INVALID', 404],
    ['EVENT_UNKNOWN', 500],
  ])('responds to the registry error %s with status %i', async (code, status) => {
    expect(await listed(new LatchkeyError(code, 'said so'))).toMatchObject({ status, code, message: 'said so' });
    expect(notes).toEqual([]);
  });

  test('escapes control characters in error messages', async () => {
    const { message } = await listed(new LatchkeyError('NOT_FOUND', 'no key \u001b[2J\u202e'));
    expect(message).toBe(String.raw`no key \u001b[2J\u202e`);
  });

  test('responds to STORE_UNAVAILABLE with status 503 and advice', async () => {
    const cause = Object.assign(new Error('no'), { name: 'ThrottlingException' });
    const answer = await listed(new LatchkeyError('STORE_UNAVAILABLE', 'the scan failed', { cause }));
    expect(answer).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
    expect(answer.message).toBe('DynamoDB is throttling requests: try again in a minute');
  });

  test.each<[string, unknown, string]>([
    ['a TypeError', new TypeError('sk_secret'), 'TypeError'],
    ['an error of the command line', new CliError('FILE_UNUSABLE', 'sk_secret'), 'CliError'],
    ['a thrown string', 'sk_secret', 'not an Error'],
  ])("responds to %s with status 500 without the error's message", async (_, error, name) => {
    // Hono doesn't pass a thrown string to the error handler, so the test wraps it as a cause.
    const thrown = error instanceof Error ? error : new UnconfirmedChange('', error);
    const { status, code, message, text } = await listed(thrown);
    expect({ status, code }).toEqual({ status: 500, code: 'INTERNAL_ERROR' });
    expect(message).toContain('the console failed');
    expect(text).not.toContain('sk_secret');
    expect(notes).toEqual([`the console failed to answer a request: ${name}`]);
  });
});

describe('a change in the console', () => {
  const lost = new LatchkeyError('STORE_UNAVAILABLE', 'lost', {
    cause: Object.assign(new Error('x'), { code: 'EPIPE' }),
  });
  const refused = new LatchkeyError('CONFLICT', 'changed meanwhile');

  test('fails with advice if DynamoDB may have made the change', async () => {
    const failure = await failureOf(confirmed(Promise.reject(lost), 'look first'));
    expect(failure).toMatchObject({
      name: 'UnconfirmedChange',
      advice: 'look first',
      message: 'look first',
      cause: lost,
    });
    const { status, code, message } = await send('GET', '/api/keys', {}, { registry: failingRegistry(failure) });
    expect({ status, code }).toEqual({ status: 503, code: 'STORE_UNAVAILABLE' });
    expect(message).toMatch(/cannot be reached .*; look first$/);
  });

  test('fails without advice if the registry rejected the change', async () => {
    expect(await failureOf(confirmed(Promise.reject(refused), 'look first'))).toBe(refused);
  });

  test('returns its result unchanged if it succeeded', async () => {
    expect(await confirmed(Promise.resolve(7), 'look first')).toBe(7);
  });
});
