import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { type Engine, startDynalite } from '../../support/engine.ts';
import { NOW_MS } from '../../support/keys.ts';
import { type ManagementTables, openManagementTables } from '../../support/managementTables.ts';
import { COOKIE, cookieOf, ORIGIN, outcomeOf, type PageRequest, PortalUnderTest } from './portalUnderTest.ts';

const MINUTE_MS = 60_000;
const ENDED = [401, 'UNAUTHENTICATED'];
const REFUSED = [403, 'CODE_REFUSED'];
const FOREIGN = [403, 'FORBIDDEN'];

let engine: Engine;
let tables: ManagementTables;
let portal: PortalUnderTest;
beforeAll(async () => {
  engine = await startDynalite();
  await useEmptyTables();
});
beforeEach(() => {
  tables.clock.nowMs = NOW_MS;
  portal = new PortalUnderTest(tables);
});
afterAll(async () => {
  await engine?.stop();
});

async function useEmptyTables(): Promise<void> {
  tables = await openManagementTables(engine);
  portal = new PortalUnderTest(tables);
}
const itemIds = async (): Promise<readonly string[]> => {
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tables.stateTable }));
  return Items.map(({ id }) => String(id));
};
const me = async (cookie: string, request: PageRequest = {}) =>
  outcomeOf(await portal.send('GET', '/portal/me', { cookie, ...request }));
const ownerOf = async (cookie: string) => {
  const response = await portal.send('GET', '/portal/me', { cookie });
  return (await response.json()) as { readonly owner?: string; readonly actor?: string };
};

describe('a link of the portal', () => {
  test('has its code in the fragment, and 15 minutes', async () => {
    const response = await portal.open();
    const { code, url, expiresAt } = (await response.json()) as Record<string, string>;
    expect(response.status).toBe(201);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(code).toMatch(/^[\w-]{43}$/);
    expect(url).toBe(`${ORIGIN}/portal#code=${code}`);
    expect(Date.parse(expiresAt ?? '') - tables.clock.nowMs).toBe(15 * MINUTE_MS);
  });

  test('leads to the configured URL of the API', async () => {
    portal = new PortalUnderTest(tables, { url: 'https://cdn.example.com/keys' });
    const { url } = (await (await portal.open()).json()) as { readonly url: string };
    expect(url).toMatch(/^https:\/\/cdn\.example\.com\/keys\/portal#code=/);
  });

  test('is stored only as a SHA-256 hash, and so is its session', async () => {
    await useEmptyTables();
    const code = await portal.openCode();
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    await expect(itemIds()).resolves.toEqual([`code/${hash(code)}`]);
    const token = cookieOf(await portal.redeem(code)).replace(`${COOKIE}=`, '');
    await expect(itemIds()).resolves.toEqual([`session/${hash(token)}`]);
  });

  test('works once', async () => {
    const code = await portal.openCode();
    await expect(outcomeOf(await portal.redeem(code))).resolves.toEqual([204, undefined]);
    const again = await portal.redeem(code);
    expect(again.headers.getSetCookie()).toEqual([]);
    await expect(outcomeOf(again)).resolves.toEqual(REFUSED);
  });

  test('signs in exactly one of 20 browsers that open it at once', async () => {
    await useEmptyTables();
    const code = await portal.openCode();
    const responses = await Promise.all(Array.from({ length: 20 }, () => portal.redeem(code)));
    expect(responses.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 403)).toHaveLength(19);
    expect((await itemIds()).map((id) => id.split('/')[0])).toEqual(['session']);
  });

  test('is refused after 15 minutes, even before DynamoDB deletes it', async () => {
    const code = await portal.openCode();
    tables.clock.nowMs += 15 * MINUTE_MS;
    await expect(outcomeOf(await portal.redeem(code))).resolves.toEqual(REFUSED);
  });

  test('is refused in the same words if it was used, is late or was guessed', async () => {
    const [used, late] = [await portal.openCode(), await portal.openCode()];
    await portal.redeem(used);
    tables.clock.nowMs += 16 * MINUTE_MS;
    const guessed = ['A'.repeat(43), 'A', '', '../session', `code/${late}`];
    const responses = await Promise.all([used, late, ...guessed].map((code) => portal.redeem(code)));
    const bodies = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ status: 403, code: 'CODE_REFUSED' });
  });

  test('cannot be used with the hash of a code or with the token of a session', async () => {
    await useEmptyTables();
    const token = (await portal.signIn()).replace(`${COOKIE}=`, '');
    const [stored = ''] = await itemIds();
    for (const code of [token, stored.replace('session/', '')]) {
      await expect(outcomeOf(await portal.redeem(code))).resolves.toEqual(REFUSED);
    }
  });
});

describe('the request for a link', () => {
  test.each([
    ['another site', 'https://evil.example/settings'],
    ['a longer domain', 'https://app.example.com.evil.example/'],
    ['another port', 'https://app.example.com:8443/'],
    ['http', 'http://app.example.com/settings'],
    ['a script', 'javascript:alert(1)//https://app.example.com'],
    ['data', 'data:text/html,https://app.example.com'],
    ['a user in front of another site', 'https://app.example.com@evil.example/'],
    ['a user', 'https://user:pass@app.example.com/'],
    ['a backslash', 'https://evil.example\\@app.example.com/'],
    ['a relative URL', '//app.example.com/'],
    ['a path', '/settings'],
    ['too many characters', `https://app.example.com/${'a'.repeat(2048)}`],
  ])('rejects a returnUrl with %s', async (_, returnUrl) => {
    await expect(outcomeOf(await portal.open({ returnUrl }))).resolves.toEqual([400, 'INPUT_INVALID']);
  });

  test.each([
    ['a path and a query', 'https://app.example.com/a?b=c#d'],
    ['http on this machine', 'http://localhost:5173/settings'],
  ])('accepts a returnUrl with %s', async (_, returnUrl) => {
    const cookie = await portal.signIn({ returnUrl });
    await expect(ownerOf(cookie)).resolves.toMatchObject({ portal: { returnUrl } });
  });

  test.each([
    ['no owner', { owner: undefined }],
    ['an empty owner', { owner: ' ' }],
    ['scopes that owners cannot give', { scopes: ['admin'] }],
    ['scopes that are not a list', { scopes: 'orders:read' }],
    ['an unknown field', { rules: {} }],
  ])('rejects %s', async (_, body) => {
    await expect(outcomeOf(await portal.open(body))).resolves.toEqual([400, 'INPUT_INVALID']);
  });
});

describe('a portal session', () => {
  test('is a cookie of this host that scripts and other sites cannot use', async () => {
    const response = await portal.redeem(await portal.openCode());
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-latchkey-portal=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ]);
  });

  test('has a cookie with the port in its name on a local server without TLS', async () => {
    const origin = 'http://127.0.0.1:3000';
    const { url } = (await (await portal.open({}, origin)).json()) as { readonly url: string };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:3000\/portal#code=/);
    const [code = ''] = url.split('#code=').slice(1);
    const [cookie] = (await portal.redeem(code, { origin })).headers.getSetCookie();
    expect(cookie).toMatch(/^latchkey-portal-3000=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  test('needs Secure on every other host, whatever the client claims', async () => {
    const origin = 'http://keys.example.com';
    const code = await portal.openCode();
    const headers = { 'x-forwarded-proto': 'http' };
    await expect(outcomeOf(await portal.redeem(code, { origin, headers }))).resolves.toEqual(FOREIGN);
  });

  test('calls the routes of owners as its owner', async () => {
    await useEmptyTables();
    const cookie = await portal.signIn();
    await expect(ownerOf(cookie)).resolves.toMatchObject({ kind: 'owner', owner: 'acme', actor: 'portal:acme' });
    const other = await tables.registry.issue({ label: 'other', owner: 'globex' });
    const created = await portal.send('POST', '/portal/me/keys', { cookie, body: { label: 'mine' } });
    expect(created.status).toBe(201);
    const list = (await (await portal.send('GET', '/portal/me/keys', { cookie })).json()) as { records: object[] };
    expect(list.records).toEqual([expect.objectContaining({ label: 'mine' })]);
    const path = `/portal/me/keys/${other.record.id}`;
    await expect(outcomeOf(await portal.send('GET', path, { cookie }))).resolves.toEqual([404, 'NOT_FOUND']);
  });

  test('is missing in another browser that gets the address of the page', async () => {
    const code = await portal.openCode();
    await portal.redeem(code);
    await expect(outcomeOf(await portal.redeem(code))).resolves.toEqual(REFUSED);
    await expect(me('')).resolves.toEqual(ENDED);
  });

  test.each([
    ['an invented token', `${COOKIE}=${'A'.repeat(43)}`],
    ['an empty token', `${COOKIE}=`],
    ['the cookie of a local server', `latchkey-portal-=${'A'.repeat(43)}`],
  ])('is refused with %s', async (_, cookie) => {
    await expect(me(cookie)).resolves.toEqual(ENDED);
  });

  test('never adopts a token that a browser brings (session fixation)', async () => {
    const planted = `${COOKIE}=${'A'.repeat(43)}`;
    const cookie = cookieOf(await portal.redeem(await portal.openCode(), { cookie: planted }));
    expect(cookie).not.toBe(planted);
    await expect(me(planted)).resolves.toEqual(ENDED);
    await expect(me(cookie)).resolves.toEqual([200, undefined]);
  });

  test('gets a new token from a new link of the same owner, and the old token ends', async () => {
    const old = await portal.signIn();
    const cookie = cookieOf(await portal.redeem(await portal.openCode(), { cookie: old }));
    expect(cookie).not.toBe(old);
    await expect(me(old)).resolves.toEqual(ENDED);
    await expect(me(cookie)).resolves.toEqual([200, undefined]);
  });

  test('switches to another owner only if the page confirms it, and the link still works then', async () => {
    const victim = await portal.signIn();
    const code = await portal.openCode({ owner: 'mallory' });
    const silent = await portal.redeem(code, { cookie: victim });
    expect(silent.headers.getSetCookie()).toEqual([]);
    await expect(outcomeOf(silent)).resolves.toEqual([409, 'OWNER_SWITCH']);
    await expect(ownerOf(victim)).resolves.toMatchObject({ owner: 'acme' });
    const switched = cookieOf(await portal.redeem(code, { cookie: victim, switchOwner: true }));
    await expect(ownerOf(switched)).resolves.toMatchObject({ owner: 'mallory' });
    await expect(me(victim)).resolves.toEqual(ENDED);
  });

  test('ends after an hour, even before DynamoDB deletes it', async () => {
    const cookie = await portal.signIn();
    tables.clock.nowMs += 60 * MINUTE_MS - 1000;
    await expect(me(cookie)).resolves.toEqual([200, undefined]);
    tables.clock.nowMs += 1000;
    await expect(me(cookie)).resolves.toEqual(ENDED);
  });

  test('ends on the server with a sign-out', async () => {
    await useEmptyTables();
    const cookie = await portal.signIn();
    const response = await portal.send('DELETE', '/portal/session', { cookie });
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-latchkey-portal=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
    ]);
    await expect(me(cookie)).resolves.toEqual(ENDED);
    await expect(itemIds()).resolves.toEqual([]);
  });
});

describe('a session with fewer scopes than the deployment allows', () => {
  test('gives its scopes to new keys, and no others', async () => {
    const cookie = await portal.signIn({ scopes: ['orders:read'] });
    const created = await portal.send('POST', '/portal/me/keys', { cookie, body: { label: 'mine' } });
    await expect(created.json()).resolves.toMatchObject({ record: { scopes: ['orders:read'] } });
    const body = { label: 'more', scopes: ['orders:write'] };
    const refused = await portal.send('POST', '/portal/me/keys', { cookie, body });
    await expect(outcomeOf(refused)).resolves.toEqual([400, 'INPUT_INVALID']);
  });

  test.each([
    ['more scopes', ['orders:read', 'orders:write'], 403],
    ['no list of scopes', undefined, 403],
    ['its scopes', ['orders:read'], 201],
  ])('rotates a key with %s: %s → %i', async (_, scopes, status) => {
    const cookie = await portal.signIn({ scopes: ['orders:read'] });
    const { record } = await tables.registry.issue({ label: 'app', owner: 'acme', ...(scopes && { scopes }) });
    const response = await portal.send('POST', `/portal/me/keys/${record.id}/rotate`, {
      cookie,
      body: { graceSeconds: 60 },
    });
    expect(response.status).toBe(status);
  });

  test('rotates nothing while the table of keys cannot be read', async () => {
    const cookie = await portal.signIn({ scopes: ['orders:read'] });
    const { record } = await tables.registry.issue({ label: 'app', owner: 'acme', scopes: ['admin'] });
    const outage = () => Promise.reject(new LatchkeyError('STORE_UNAVAILABLE', 'DynamoDB does not respond'));
    portal = new PortalUnderTest(tables, {}, outage);
    const body = { graceSeconds: 60 };
    const response = await portal.send('POST', `/portal/me/keys/${record.id}/rotate`, { cookie, body });
    await expect(outcomeOf(response)).resolves.toEqual([503, 'STORE_UNAVAILABLE']);
  });

  test('learns nothing about a key of another owner from a rotation', async () => {
    const cookie = await portal.signIn({ scopes: ['orders:read'] });
    const { record } = await tables.registry.issue({ label: 'app', owner: 'globex', scopes: ['admin'] });
    const response = await portal.send('POST', `/portal/me/keys/${record.id}/rotate`, {
      cookie,
      body: { graceSeconds: 60 },
    });
    await expect(outcomeOf(response)).resolves.toEqual([404, 'NOT_FOUND']);
  });
});

describe('the portal against other pages', () => {
  const FORM = 'application/x-www-form-urlencoded';
  const ATTACKS: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['another subdomain', { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' }, 403],
    ['another port', { origin: `${ORIGIN}:8443`, 'sec-fetch-site': 'same-site' }, 403],
    ['http', { origin: 'http://keys.example.com', 'sec-fetch-site': '' }, 403],
    ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': '' }, 403],
    ['an old browser without headers', { origin: '', 'sec-fetch-site': '' }, 403],
    ['a form', { 'content-type': FORM }, 415],
    ['a form as text', { 'content-type': 'text/plain' }, 415],
    ['a form that looks like JSON', { 'content-type': 'text/plain; application/json' }, 415],
  ];

  test.each(ATTACKS)('refuses a change from %s', async (_, headers, status) => {
    const cookie = await portal.signIn();
    const request = { cookie, headers, body: { label: 'planted' } };
    expect((await portal.send('POST', '/portal/me/keys', request)).status).toBe(status);
    expect((await portal.redeem(await portal.openCode(), { headers })).status).toBe(status);
    const { records } = await tables.registry.list();
    expect(records.filter(({ label }) => label === 'planted')).toEqual([]);
  });

  test.each(ATTACKS.slice(0, 6))('refuses a sign-out from %s', async (_, headers) => {
    const cookie = await portal.signIn();
    expect((await portal.send('DELETE', '/portal/session', { cookie, headers })).status).toBe(403);
    await expect(me(cookie)).resolves.toEqual([200, undefined]);
  });

  test.each(['cross-site', 'same-site', 'none'])('refuses a read with Sec-Fetch-Site %s', async (site) => {
    const cookie = await portal.signIn();
    await expect(me(cookie, { headers: { 'sec-fetch-site': site } })).resolves.toEqual(FOREIGN);
  });

  test('rejects a body of an unknown or a large size', async () => {
    const cookie = await portal.signIn();
    for (const length of ['', '65537']) {
      const request = { cookie, body: { label: 'x' }, headers: { 'content-length': length } };
      expect((await portal.send('POST', '/portal/me/keys', request)).status).toBe(413);
    }
  });
});

describe("the portal's page", () => {
  test('can be in no frame, and loads only its own files and the logo', async () => {
    const response = await portal.send('GET', '/portal');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' https://cdn.example.com",
        "frame-ancestors 'none'",
        "form-action 'none'",
        "base-uri 'none'",
      ]),
    );
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('has relative URLs, the name as text, and nothing inline', async () => {
    const html = await (await portal.send('GET', '/portal')).text();
    expect(html).toContain('Acme &lt;b&gt;API&lt;/b&gt;');
    expect(html).toContain('src="portal/portal-ABCD1234.js"');
    expect(html).not.toMatch(/(src|href)="\/|<style|<script>|style="| on\w+=/);
  });

  test('names the application to return to only if the deployment has one', async () => {
    await expect((await portal.send('GET', '/portal')).text()).resolves.not.toContain('data-home');
    portal = new PortalUnderTest(tables, { returnOrigins: ['https://app.example.com'] });
    await expect((await portal.send('GET', '/portal')).text()).resolves.toContain(
      'data-home="https://app.example.com"',
    );
  });

  test('is checked for a newer version each time, and its hashed files are kept', async () => {
    const page = await portal.send('GET', '/portal');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const headers = { 'if-none-match': page.headers.get('etag') ?? '' };
    expect((await portal.send('GET', '/portal', { headers })).status).toBe(304);
    const script = await portal.send('GET', '/portal/portal-ABCD1234.js');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await portal.send('GET', '/portal/icon.svg')).headers.get('cache-control')).toBe('no-cache');
  });

  test.each(['/portal/unknown.js', '/portal/..%2findex.mjs', '/portal/session'])('has no file %s', async (path) => {
    await expect(outcomeOf(await portal.send('GET', path))).resolves.toEqual([404, 'NO_SUCH_PATH']);
  });

  test('needs no session, but its data does', async () => {
    expect((await portal.send('GET', '/portal', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(200);
    await expect(outcomeOf(await portal.send('GET', '/portal/me/keys'))).resolves.toEqual(ENDED);
  });
});
