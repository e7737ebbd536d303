import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createConsoleApp } from '../../../console/server/consoleApp.ts';
import { Session } from '../../../console/server/guards.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { ConsoleUnderTest, type RawAnswer } from './consoleUnderTest.ts';

let database: LocalDynamoDb;
let console: ConsoleUnderTest;
beforeAll(async () => {
  database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
});
afterAll(() => database.stop());

beforeEach(async () => {
  await console?.stop();
  console = await ConsoleUnderTest.start(database);
});
afterAll(() => console.stop());

const NEW_KEY = '{"label":"x"}';

function errorCode({ text }: RawAnswer): string {
  return JSON.parse(text).code;
}

/** Sends a valid change with these headers. `undefined` removes a header. */
function write(headers: Record<string, string | undefined> = {}, body = NEW_KEY): Promise<RawAnswer> {
  const good = { cookie: console.cookie, origin: console.url.origin, 'content-type': 'application/json', ...headers };
  const given = Object.entries(good).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return console.raw('/api/keys', { method: 'POST', headers: Object.fromEntries(given), body });
}

describe('the token in the printed URL', () => {
  const startPath = () => `${console.url.pathname}${console.url.search}`;

  test('the console exchanges the token for an HttpOnly, SameSite=Strict cookie', async () => {
    const { status, headers, text } = await console.raw(startPath());
    expect({ status, location: headers.location, text }).toEqual({ status: 303, location: '/', text: '' });
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^latchkey-console-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    expect(headers['set-cookie']?.[0]).not.toContain(console.url.searchParams.get('token'));
  });

  test('has 256 random bits', async () => {
    const other = await ConsoleUnderTest.start(database);
    const tokens = [console, other].map(({ url }) => url.searchParams.get('token'));
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
    expect(tokens[0]).not.toBe(tokens[1]);
    await other.stop();
  });

  test('works only once for a browser without the cookie', async () => {
    const cookie = await console.open();
    const replayed = await console.raw(startPath());
    expect({ status: replayed.status, code: errorCode(replayed) }).toEqual({ status: 403, code: 'TOKEN_REFUSED' });
    expect(replayed.headers).not.toHaveProperty('set-cookie');
    const again = await console.raw(startPath(), { headers: { cookie } });
    expect({ status: again.status, cookies: again.headers['set-cookie'] }).toEqual({ status: 303, cookies: undefined });
  });

  test('works in one more browser for each new URL, which then replaces the first browser', async () => {
    const cookie = await console.open();
    const getStatus = async (held: string) => (await console.raw('/api/keys', { headers: { cookie: held } })).status;
    const replaced = new URL(console.newUrl());
    const newest = new URL(console.newUrl());
    expect(await getStatus(cookie)).toBe(200);
    expect(await console.raw(`${replaced.pathname}${replaced.search}`)).toMatchObject({ status: 403 });
    const opened = await console.raw(`${newest.pathname}${newest.search}`);
    const newCookie = opened.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect([await getStatus(cookie), await getStatus(newCookie)]).toEqual([401, 200]);
    expect(await console.raw(`${newest.pathname}${newest.search}`)).toMatchObject({ status: 403 });
  });

  test.each(['/start', '/start?token=', '/start?token=x'])('remains valid after a request to %s', async (path) => {
    expect(await console.raw(path)).toMatchObject({ status: 403 });
    expect(await console.open()).not.toBe('');
  });

  test('remains valid after a HEAD request', async () => {
    expect(await console.raw(startPath(), { method: 'HEAD' })).toMatchObject({ status: 403 });
    expect(await console.open()).not.toBe('');
  });
});

describe("the session's cookie", () => {
  test.each([undefined, '', 'latchkey-console-1=x', 'session=x'])(
    'the API returns 401 for the cookie %p',
    async (cookie) => {
      await console.open();
      const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
      for (const path of ['/api/session', '/api/keys', '/api/keys/x', '/api/usage', '/api/nothing']) {
        const answer = await console.raw(path, { headers });
        expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 401, code: 'SESSION_REQUIRED' });
      }
      expect(await write({ cookie })).toMatchObject({ status: 401 });
      expect(await console.records()).toEqual([]);
    },
  );

  test('the API returns 401 for the cookie of another console', async () => {
    const other = await ConsoleUnderTest.start(database);
    const cookie = (await other.open()).replace(other.url.port, console.url.port);
    expect(await console.raw('/api/keys', { headers: { cookie } })).toMatchObject({ status: 401 });
    await other.stop();
  });
});

describe('DNS rebinding', () => {
  test.each(['evil.example', 'evil.example:PORT', '127.0.0.1', '127.0.0.1:1', 'localhost', '[::1]:PORT'])(
    'the console rejects every path if the Host is %s',
    async (host) => {
      await console.open();
      const headers = { host: host.replace('PORT', console.url.port), cookie: console.cookie };
      for (const path of ['/', '/start', '/api/keys', '/console.js']) {
        const answer = await console.raw(path, { headers });
        expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 403, code: 'HOST_REFUSED' });
      }
    },
  );

  test.each(['127.0.0.1:PORT.evil.example', 'evil.example/', '127.0.0.1:PORT@evil.example'])(
    'the console rejects the malformed Host %s',
    async (host) => {
      await console.open();
      const headers = { host: host.replace('PORT', console.url.port), cookie: console.cookie };
      const { status, text } = await console.raw('/api/keys', { headers });
      expect([400, 403]).toContain(status);
      expect(text).not.toContain('records');
    },
  );

  test('the console accepts the Host localhost with its own port', async () => {
    await console.open();
    const headers = { host: `localhost:${console.url.port}`, cookie: console.cookie };
    expect(await console.raw('/api/keys', { headers })).toMatchObject({ status: 200 });
  });
});

test.each([
  ['localhost', 80, 303],
  ['127.0.0.1', 80, 303],
  ['127.0.0.1:80', 80, 303],
  ['evil.example', 80, 403],
  ['localhost', 8080, 403],
])('requests with the Host %s to a console on port %p receive the status %p', async (host, port, status) => {
  const location = { kind: 'local', tableName: 'keys', endpoint: database.endpoint, region: 'us-east-1' } as const;
  const registry = new KeyRegistry({ client: database.client, tableName: 'keys', actor: 'alice' });
  const table = { registry, location, actor: 'alice', isReadOnly: false, command: 'latchkey console', note: () => {} };
  const session = new Session(() => 'token');
  const app = createConsoleApp({ ...table, port, session, files: new Map() });
  expect((await app.request(`/start?token=${session.newToken()}`, { headers: { host } })).status).toBe(status);
});

describe('a request to the console', () => {
  beforeEach(() => console.open());

  test.each([
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a missing Origin', { origin: undefined }],
    ['an opaque Origin', { origin: 'null' }],
    ['the Origin of another port', { origin: 'http://127.0.0.1:1' }],
    ['its own host over TLS as the Origin', { origin: 'https://127.0.0.1:PORT' }],
    ['an Origin that begins with its own', { origin: 'http://127.0.0.1:PORT.evil.example' }],
    ['the Sec-Fetch-Site of another site', { 'sec-fetch-site': 'cross-site' }],
    ['the Sec-Fetch-Site of another port', { 'sec-fetch-site': 'same-site' }],
  ])('the console rejects a change with %s', async (_, headers) => {
    const entries = Object.entries(headers).map(([name, value]) => [name, value?.replace('PORT', console.url.port)]);
    const answer = await write(Object.fromEntries(entries));
    expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 403, code: 'ORIGIN_REFUSED' });
    expect(await console.records()).toEqual([]);
  });

  test('the console rejects a read from another site', async () => {
    const headers = { cookie: console.cookie, 'sec-fetch-site': 'same-site' };
    expect(await console.raw('/api/keys', { headers })).toMatchObject({ status: 403 });
  });

  test.each([
    ['application/x-www-form-urlencoded', 'label=x'],
    ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="label"\r\n\r\nx\r\n--b--'],
    ['text/plain', NEW_KEY],
    ['application/jsonp', NEW_KEY],
    [undefined, NEW_KEY],
  ])('the console rejects a change whose content type is %s', async (contentType, body) => {
    for (const origin of ['https://evil.example', console.url.origin]) {
      const answer = await write({ 'content-type': contentType, origin }, body);
      expect(answer.status).toBe(origin === console.url.origin ? 415 : 403);
    }
    expect(await console.records()).toEqual([]);
  });

  test('the console accepts a change from its own page', async () => {
    expect(
      await write({ 'sec-fetch-site': 'same-origin', 'content-type': 'application/json; charset=utf-8' }),
    ).toMatchObject({ status: 201 });
  });

  test('the console accepts a change from localhost only at its own port', async () => {
    const host = `localhost:${console.url.port}`;
    expect(await write({ host, origin: `http://${host}` })).toMatchObject({ status: 201 });
    expect(await write({ host, origin: 'http://localhost' })).toMatchObject({ status: 403 });
  });

  test('the console rejects a body of more than 64 KB', async () => {
    const answer = await write({}, JSON.stringify({ label: 'x'.repeat(100_000) }));
    expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  test('the console rejects a body without a Content-Length header', async () => {
    const answer = await write({ 'transfer-encoding': 'chunked' });
    expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
    expect(await console.records()).toEqual([]);
  });

  test('the console returns 404 for PUT, DELETE and OPTIONS', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
      const headers = {
        cookie: console.cookie,
        origin: console.url.origin,
        'content-type': 'application/json',
        'content-length': '0',
      };
      const answer = await console.raw('/api/keys', { method, headers });
      expect(answer.status).toBe(404);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

describe('the console', () => {
  const page = fileURLToPath(new URL('../../../dist/console/', import.meta.url));

  test.each([
    '/../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/..%5c..%5cpackage.json',
    '/console.js/../../../package.json',
    '/api/../../../package.json',
    '/../authorizer/index.mjs',
    '/../../console/server/guards.ts',
    '//etc/passwd',
    '/../../../../../../../../../../etc/passwd',
  ])('does not serve the existing file at %s', async (path) => {
    const named = decodeURIComponent(path).replaceAll('\\', '/').slice(1);
    expect(existsSync(resolve(page, named))).toBe(true);
    await console.open();
    const answer = await console.raw(path, { headers: { cookie: console.cookie } });
    expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 404, code: 'NO_SUCH_PATH' });
  });

  test.each(['/console.js%00.html', '/index.html', '/console.js/', '/CONSOLE.JS'])(
    'does not serve a file at its alias %s',
    async (path) => {
      expect(await console.raw(path)).toMatchObject({ status: 404 });
    },
  );
});

describe('console --read-only', () => {
  let readOnly: ConsoleUnderTest;
  beforeAll(async () => {
    readOnly = await ConsoleUnderTest.start(database, { isReadOnly: true });
    await readOnly.open();
  });
  afterAll(() => readOnly.stop());

  test.each<[string, string, unknown]>([
    ['POST', '', { label: 'x' }],
    ['PATCH', '/ID', { label: 'x' }],
    ['POST', '/ID/disable', {}],
    ['POST', '/ID/enable', {}],
    ['POST', '/ID/revoke', {}],
    ['POST', '/ID/reset-quota', {}],
    ['POST', '/ID/rotate', { graceSeconds: 0 }],
  ])('rejects %s /api/keys%s', async (method, path, body) => {
    const { record } = await readOnly.putKey();
    const before = await readOnly.records();
    const answer = await readOnly.api(method, `/api/keys${path.replace('ID', record.id)}`, body);
    expect(answer).toMatchObject({ status: 403, body: { code: 'READ_ONLY' } });
    expect(await readOnly.records()).toEqual(before);
  });

  test('allows reads', async () => {
    expect(await readOnly.api('GET', '/api/session')).toMatchObject({ status: 200, body: { isReadOnly: true } });
    expect(await readOnly.api('GET', '/api/keys')).toMatchObject({ status: 200 });
  });
});

test('every response has headers that forbid caching, framing and loading from other servers', async () => {
  await console.open();
  const headers = { cookie: console.cookie };
  for (const path of ['/', '/console.js', '/console.css', '/start', '/api/keys', '/api/keys/none', '/none']) {
    const answer = await console.raw(path, { headers });
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = String(answer.headers['content-security-policy']);
    expect(policy.split('; ').toSorted()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "require-trusted-types-for 'script'",
      "script-src 'self'",
      "style-src 'self'",
      "trusted-types 'none'",
    ]);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    // The console doesn't use TLS. HSTS would break other servers on this machine.
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
  }
});

test('the API returns a label that contains a script as a JSON string', async () => {
  await console.open();
  const label = '</script><script>alert(1)</script><img src=x onerror=alert(1)>';
  expect((await write({}, JSON.stringify({ label }))).status).toBe(201);
  const { headers, text } = await console.raw('/api/keys', { headers: { cookie: console.cookie } });
  expect(headers['content-type']).toMatch(/^application\/json/);
  expect(JSON.parse(text).records[0].label).toBe(label);
});
