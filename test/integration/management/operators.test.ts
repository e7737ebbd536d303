import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashSecret, parseSecret } from '../../../keys/secret.ts';
import { recordSchema } from '../../../management/responseSchemas.ts';
import { type Engine, startDynalite } from '../../support/engine.ts';
import { at, fullItem, makeKey } from '../../support/keys.ts';
import { jsonOf, type ManagementAnswer } from '../../support/managementCall.ts';
import { type ManagementUnderTest, openManagement } from '../../support/managementUnderTest.ts';
import { serialiseRecord } from '../../../keys/record.ts';
import { PutCommand } from '@aws-sdk/lib-dynamodb';

const ARN = 'arn:aws:iam::111122223333:user/alice';
const BOB = 'arn:aws:iam::111122223333:user/bob';
const UNKNOWN_ID = '5e1f7c1e-0000-4000-8000-00000000beef';

let engine: Engine;
let api: ManagementUnderTest;
/** A key that no test may change. */
let untouched: Record<string, any>;
beforeAll(async () => {
  engine = await startDynalite();
  api = await openManagement(engine);
  untouched = await create({ owner: 'acme' });
}, 120_000);
afterAll(() => engine.stop());

/** Sends a request of the operator Alice. */
function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return api.call({ arn: ARN }, { method, path, ...(body === undefined ? {} : { body }), headers });
}

async function create(fields: object = {}): Promise<Record<string, any>> {
  const answer = await send('POST', '/keys', { label: 'ci', ...fields });
  expect(answer.status).toBe(201);
  return jsonOf(answer)['record'];
}

async function recordOf(id: string): Promise<Record<string, any>> {
  return jsonOf(await send('GET', `/keys/${id}`))['record'];
}

/** Matches problem details. */
function problem(answer: ManagementAnswer, status: number, code: string, detail: RegExp = /./): void {
  expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({
    status,
    type: 'application/problem+json',
  });
  const body = jsonOf(answer);
  expect(body).toMatchObject({ type: 'about:blank', status, code, title: expect.any(String) });
  expect(body['detail']).toMatch(detail);
}

describe('the management API for operators', () => {
  test('leads a key through its life, with the version as its ETag and the ARN as its actor', async () => {
    const created = await send('POST', '/keys', { label: 'ci', owner: 'acme', scopes: ['a'], metadata: { seats: 3 } });
    expect({ status: created.status, etag: created.headers['etag'] }).toEqual({ status: 201, etag: '"0"' });
    const { key, record } = jsonOf(created);
    expect(parseSecret(key, { prefixes: ['sk_'] })).toBe(key);
    expect(record).toMatchObject({ label: 'ci', owner: 'acme', createdBy: ARN, state: 'active' });
    const path = `/keys/${record.id}`;
    const steps: [string, string, unknown, number, object][] = [
      ['GET', '', undefined, 200, { id: record.id, state: 'active' }],
      ['PATCH', '', { owner: null, label: 'new' }, 200, { label: 'new', version: 1, changedBy: ARN }],
      ['POST', '/disable', {}, 200, { state: 'disabled', disabledBy: ARN, version: 2 }],
      ['POST', '/enable', undefined, 200, { state: 'active', version: 3 }],
      ['POST', '/rotate', { graceSeconds: 60 }, 201, { rotatedFrom: record.id, state: 'active' }],
      ['POST', '/revoke', { reason: 'lost' }, 200, { state: 'revoked', revokedReason: 'lost', version: 5 }],
    ];
    for (const [method, suffix, body, status, expected] of steps) {
      const answer = await send(method, path + suffix, body);
      expect(answer.status).toBe(status);
      const shown = jsonOf(answer)['record'];
      expect(shown).toMatchObject(expected);
      expect(answer.headers['etag']).toBe(`"${shown.version ?? 0}"`);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(Object.keys(shown).filter((name) => !(name in recordSchema.shape))).toEqual([]);
    }
    const { owner } = await recordOf(record.id);
    expect(owner).toBeUndefined();
  });

  test('returns the secret only from create and rotate', async () => {
    const created = jsonOf(await send('POST', '/keys', { label: 'ci' }));
    const path = `/keys/${created['record'].id}`;
    const rotated = jsonOf(await send('POST', `${path}/rotate`, { graceSeconds: 60 }));
    expect(rotated['previous']).toMatchObject({ id: created['record'].id, rotatedTo: rotated['record'].id });
    const others = await Promise.all(['/keys', path, `/keys/${rotated['record'].id}`].map((p) => send('GET', p)));
    const texts = others.map(({ text }) => text).join('');
    for (const secret of [created['key'], rotated['key']]) {
      expect(texts).not.toContain(secret);
      expect(texts).not.toContain(hashSecret(secret));
    }
  });

  test('lists pages by owner and state, with a line for each unreadable record', async () => {
    const own = await openManagement(engine);
    const call = (path: string) => own.call({ arn: ARN }, { path });
    const put = (item: object) => own.client.send(new PutCommand({ TableName: own.keysTable, Item: item }));
    for (let n = 0; n < 3; n++) {
      await put(serialiseRecord(makeKey({ id: `acme-${n}`, owner: 'acme', createdAt: at(n - 10) }).record));
    }
    await put(serialiseRecord(makeKey({ id: 'off', owner: 'acme', disabledAt: at(-1), createdAt: at(-1) }).record));
    await put({ ...makeKey({ id: 'bad' }).record, label: 7 });
    const first = jsonOf(await call('/keys?owner=acme&limit=2'));
    expect(first['records'].map(({ id }: { id: string }) => id)).toEqual(['acme-0', 'acme-1']);
    const rest = jsonOf(await call(`/keys?owner=acme&limit=2&cursor=${first['cursor']}`));
    expect(rest['records'].map(({ id }: { id: string }) => id)).toEqual(['acme-2', 'off']);
    expect(jsonOf(await call('/keys?state=disabled'))['records']).toMatchObject([{ id: 'off', state: 'disabled' }]);
    expect(jsonOf(await call('/keys'))['corrupt']).toEqual(['the record of key bad has an unreadable label']);
    problem(await call('/keys/bad'), 500, 'RECORD_CORRUPT', /^the record of key bad has an unreadable label$/);
  });

  test.each<[string, string, unknown, RegExp]>([
    ['POST', '/keys', {}, /^label: expected 1 to 256 characters, .* got nothing$/],
    ['POST', '/keys', undefined, /^label: expected /],
    ['POST', '/keys', [], /^body: expected a JSON object, got a list of 0$/],
    ['POST', '/keys', 'null', /^body: expected a JSON object, got null$/],
    ['POST', '/keys', '{"label":', /^body: expected a JSON object, got text that is not JSON$/],
    ['POST', '/keys', { label: 7, scopes: 'a' }, /^label: expected .*, got 7; scopes: expected .*, got "a"$/],
    ['POST', '/keys', { label: 'x', scopes: ['a b'] }, /^scopes: expected .* with "a b" in it$/],
    [
      'POST',
      '/keys',
      { label: 'x', allowedIps: ['10.0.0.1/8'] },
      /^allowedIps: expected .* "10\.0\.0\.1\/8" in it, which is inside a block/,
    ],
    ['POST', '/keys', { label: 'x', allowedIps: Array(21).fill('10.0.0.1') }, /^allowedIps: expected .* 20/],
    ['POST', '/keys', { label: 'x', metadata: [] }, /^metadata: expected a JSON object .*, got a list of 0$/],
    ['POST', '/keys', { label: 'x', expiresAt: at(-1) }, /^expiresAt: expected .* in the future/],
    ['POST', '/keys', { label: 'x', prefix: 'SK' }, /^prefix: /],
    ['PATCH', '/keys/ID', {}, /^changes: expected one or more of label, owner, /],
    ['PATCH', '/keys/ID', { label: null }, /^label: expected .*, got null$/],
    ['PATCH', '/keys/ID', { plan: '' }, /^plan: expected .*, got ""$/],
    ['POST', '/keys/ID/rotate', {}, /^graceSeconds: expected a whole number of seconds, got nothing$/],
    ['POST', '/keys/ID/rotate', { graceSeconds: -1 }, /^graceSeconds: expected a whole number from 0/],
    ['POST', '/keys/ID/revoke', { reason: 7 }, /^reason: expected .*, got 7$/],
    ['POST', '/keys/verify', {}, /^key: expected a key, got nothing$/],
    [
      'POST',
      '/keys/verify',
      { key: 'x', sourceIp: 'home' },
      /^sourceIp: expected an IPv4 or IPv6 address, got "home"$/,
    ],
    ['GET', '/keys?limit=0', undefined, /^limit: expected a whole number from 1 to 1000, got "0"$/],
    ['GET', '/keys?limit=x', undefined, /^limit: expected a whole number from 1 to 1000, got "x"$/],
    ['GET', '/keys?state=gone', undefined, /^state: expected active, disabled, expired or revoked, got "gone"$/],
    ['GET', '/keys?page=2', undefined, /^query: expected only the fields limit, cursor, state, owner, got "page"$/],
    ['GET', '/keys?limit=1&limit=2', undefined, /^query: expected each parameter once, got 2$/],
    ['GET', '/keys?cursor=x', undefined, /^cursor: expected the cursor of a page of this list, got "x"$/],
    ['GET', '/keys/ID/usage?by=year', undefined, /^by: expected hour, day or month, got "year"$/],
  ])('rejects %s %s with the body %j, naming the field and the expected value', async (method, path, body, detail) => {
    problem(await send(method, path.replace('ID', untouched['id']), body), 400, 'INPUT_INVALID', detail);
    expect(await recordOf(untouched['id'])).toEqual(untouched);
  });

  const OPERATORS_FIELDS = ['label', 'owner', 'scopes', 'plan', 'expiresAt', 'allowedIps', 'metadata'];
  const OTHER_FIELDS = [...Object.keys(fullItem()), 'state', 'actor', 'constructor', 'toString'].filter(
    (name) => !OPERATORS_FIELDS.includes(name),
  );

  test.each(OTHER_FIELDS)('refuses the field %s in every body', async (name) => {
    const path = `/keys/${untouched['id']}`;
    const value = Object.hasOwn(fullItem(), name) ? fullItem()[name] : 'x';
    const bodies: [string, string, object][] = [
      ['POST', '/keys', { label: 'x' }],
      ['PATCH', path, { label: 'x' }],
      ['POST', `${path}/rotate`, { graceSeconds: 0 }],
      ['POST', `${path}/disable`, {}],
      ['POST', `${path}/enable`, {}],
      ['POST', `${path}/revoke`, {}],
      ['POST', '/keys/verify', { key: 'x' }],
    ];
    const answers = await Promise.all(bodies.map(([method, to, body]) => send(method, to, { ...body, [name]: value })));
    for (const answer of answers) problem(answer, 400, 'INPUT_INVALID', new RegExp(`body: expected .* got "${name}"$`));
    expect(await recordOf(untouched['id'])).toEqual(untouched);
  });

  test.each([
    ['the fields __proto__ and label', '{"label":"x","__proto__":{"owner":"mine"}}'],
    ['the metadata __proto__', '{"label":"x","metadata":{"__proto__":{"a":1}}}'],
    ['metadata of 25,000 nested lists', `{"label":"x","metadata":{"a":${'['.repeat(25_000)}${']'.repeat(25_000)}}}`],
  ])('rejects %s', async (_, body) => {
    problem(await send('POST', '/keys', body), 400, 'INPUT_INVALID');
  });

  test.each<[string, Record<string, string>, string, number, string]>([
    ['another content type', { 'content-type': 'text/plain' }, '{"label":"x"}', 415, 'JSON_REQUIRED'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'label=x', 415, 'JSON_REQUIRED'],
    ['more than 64 KB', {}, JSON.stringify({ label: 'x'.repeat(65_536) }), 413, 'BODY_TOO_LARGE'],
    ['an empty Idempotency-Key', { 'idempotency-key': '' }, '{"label":"x"}', 400, 'INPUT_INVALID'],
    ['a long Idempotency-Key', { 'idempotency-key': 'x'.repeat(256) }, '{"label":"x"}', 400, 'INPUT_INVALID'],
  ])('rejects a new key with %s', async (_, headers, body, status, code) => {
    problem(await send('POST', '/keys', body, headers), status, code);
  });

  test('never repeats a key that it got instead of a value', async () => {
    const { secret } = makeKey();
    const answers = await Promise.all([
      send('GET', `/keys/${secret}`),
      send('GET', `/keys?cursor=${secret}`),
      send('GET', `/keys?state=${secret}`),
      send('POST', '/keys', { label: secret }),
      send('POST', '/keys', { label: 'x', [secret]: 1 }),
      send('POST', '/keys/verify', { key: [secret] }),
    ]);
    for (const answer of answers) {
      problem(answer, 400, 'INPUT_INVALID');
      expect(answer.text).not.toContain(secret.slice(12));
    }
  });

  test.each<[string, string, unknown]>([
    ['GET', '', undefined],
    ['PATCH', '', { label: 'x' }],
    ['POST', '/rotate', { graceSeconds: 0 }],
    ['POST', '/disable', {}],
    ['POST', '/enable', {}],
    ['POST', '/revoke', {}],
  ])('responds NOT_FOUND to %s /keys/{id}%s of an unknown key', async (method, suffix, body) => {
    const answer = await send(method, `/keys/${UNKNOWN_ID}${suffix}`, body);
    problem(answer, 404, 'NOT_FOUND', new RegExp(`^there is no key with the id ${UNKNOWN_ID}$`));
    expect(jsonOf(answer)['keyId']).toBe(UNKNOWN_ID);
  });

  test.each<[string, string, object, string]>([
    ['PATCH', '', { label: 'x' }, 'ALREADY_REVOKED'],
    ['POST', '/rotate', { graceSeconds: 0 }, 'ALREADY_REVOKED'],
    ['POST', '/disable', {}, 'ALREADY_REVOKED'],
    ['POST', '/enable', {}, 'ALREADY_REVOKED'],
    ['POST', '/revoke', {}, 'ALREADY_REVOKED'],
  ])('responds %3$s to %s /keys/{id}%s of a revoked key', async (method, suffix, body, code) => {
    const { id } = await create();
    await send('POST', `/keys/${id}/revoke`);
    problem(await send(method, `/keys/${id}${suffix}`, body), 409, code);
  });

  test.each([
    ['"0"', 412, 'PRECONDITION_FAILED'],
    ['"2"', 412, 'PRECONDITION_FAILED'],
    ['0', 400, 'INPUT_INVALID'],
    ['W/"1"', 400, 'INPUT_INVALID'],
    ['"1", "2"', 400, 'INPUT_INVALID'],
  ])('rejects an update of version 1 with If-Match: %s', async (etag, status, code) => {
    const { id } = await create();
    await send('PATCH', `/keys/${id}`, { label: 'one' });
    problem(await send('PATCH', `/keys/${id}`, { label: 'two' }, { 'if-match': etag }), status, code);
    expect(await recordOf(id)).toMatchObject({ label: 'one', version: 1 });
  });

  test.each(['"1"', '*', undefined])('accepts an update of version 1 with If-Match: %s', async (etag) => {
    const { id } = await create();
    await send('PATCH', `/keys/${id}`, { label: 'one' });
    const headers = { 'content-type': 'application/merge-patch+json', ...(etag && { 'if-match': etag }) };
    const answer = await send('PATCH', `/keys/${id}`, { label: 'two' }, headers);
    expect(answer.status).toBe(200);
    expect(jsonOf(answer)['record']).toMatchObject({ label: 'two', version: 2 });
  });

  test.each([
    ['POST /keys', (id: string) => ['/keys', { label: 'once', owner: id }] as const],
    ['POST /keys/{id}/rotate', (id: string) => [`/keys/${id}/rotate`, { graceSeconds: 60 }] as const],
  ])('makes the change of %s once for each Idempotency-Key', async (_, requestFor) => {
    const { id } = await create();
    const [path, body] = requestFor(id);
    const headers = { 'idempotency-key': `once-${id}` };
    const first = await send('POST', path, body, headers);
    const repeat = await send('POST', path, body, headers);
    expect([first.status, repeat.status]).toEqual([201, 201]);
    const { key, ...rest } = jsonOf(first);
    expect(key).toMatch(/^sk_/);
    expect(jsonOf(repeat)).toEqual(rest);
    expect([first, repeat].map((answer) => answer.headers['idempotency-replayed'])).toEqual([undefined, 'true']);
    problem(await send('POST', path, { ...body, expiresAt: at(1e9) }, headers), 422, 'IDEMPOTENCY_MISMATCH');
    const bobs = await api.call({ arn: BOB }, { method: 'POST', path: '/keys', body: { label: 'bobs' }, headers });
    expect(jsonOf(bobs)['record']).toMatchObject({ label: 'bobs', createdBy: BOB });
  });

  test.each([
    ['GET', '/'],
    ['GET', '/keys/a/b'],
    ['PUT', '/keys/a'],
    ['DELETE', '/keys/a'],
    ['POST', '/keys/a/reset-quota'],
  ])('responds NO_SUCH_PATH to %s %s', async (method, path) => {
    problem(await send(method, path), 404, 'NO_SUCH_PATH');
  });

  test('explains that it has no usage without a table of usage', async () => {
    const { id } = await create();
    problem(await send('GET', `/keys/${id}/usage`), 404, 'CONFIG_INVALID');
  });

  test('decides on keys like the authorizer, without a problem for a refused one', async () => {
    const { key, record } = jsonOf(await send('POST', '/keys', { label: 'x', scopes: ['a'] }));
    const verify = async (body: object) => {
      const answer = await send('POST', '/keys/verify', body);
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain(key);
      return jsonOf(answer);
    };
    const valid = await verify({ key });
    expect(valid).toMatchObject({ valid: true, record: { id: record.id, state: 'active' } });
    expect(valid['record']).not.toHaveProperty('keyHash');
    expect(await verify({ key, requiredScopes: ['b'] })).toMatchObject({ valid: false, code: 'INSUFFICIENT_SCOPE' });
    expect(await verify({ key: `${key}x` })).toMatchObject({ valid: false, code: 'INVALID_KEY' });
    const revoked = jsonOf(await send('POST', '/keys', { label: 'x' }));
    await send('POST', `/keys/${revoked['record'].id}/revoke`);
    const refused = jsonOf(await send('POST', '/keys/verify', { key: revoked['key'] }));
    expect(refused).toEqual({ valid: false, code: 'KEY_REVOKED', message: expect.any(String) });
  });
});
