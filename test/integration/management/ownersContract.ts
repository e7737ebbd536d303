import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordSchema } from '../../../management/responseSchemas.ts';
import { jsonOf, type ManagementAnswer, type ManagementRequest } from '../../support/managementCall.ts';

/** The callers of the contract: two owners and an operator. */
export type CallerName = 'ann' | 'bob' | 'operator';

/** An API under test. Ann and Bob own their keys. The operator has credentials of AWS. */
export interface OwnersUnderTest {
  readonly call: (as: CallerName, request: ManagementRequest) => Promise<ManagementAnswer>;
  readonly close: () => Promise<void>;
}

/** The verbs on one key, each with a valid body. */
const VERBS: readonly (readonly [method: string, suffix: string, body: object | undefined])[] = [
  ['GET', '', undefined],
  ['PATCH', '', { label: 'stolen' }],
  ['POST', '/rotate', { graceSeconds: 0 }],
  ['POST', '/disable', {}],
  ['POST', '/enable', {}],
  ['POST', '/revoke', { reason: 'stolen' }],
  ['GET', '/usage', undefined],
];
const UNKNOWN_ID = '5e1f7c1e-0000-4000-8000-00000000beef';
/** Texts that a client can send as an id. */
const ODD_IDS = ['%3Fowner%3Dann', "'%20or%201=1", 'sk_live_1234567890', '%00', 'a%2F..%2Fb'];

/** The fields of a record that an owner never sends, and names that programs treat specially. */
const FORBIDDEN_FIELDS = [
  ...Object.keys(recordSchema.shape).filter(
    (name) => !['label', 'scopes', 'plan', 'expiresAt', 'allowedIps'].includes(name),
  ),
  'keyHash',
  'prefix',
  'actor',
  'expected',
  'changes',
  'maxKeysPerOwner',
  '__proto__',
  'constructor',
];

/**
 * Describes two owners against each other, over HTTP. The deployment lets owners keep 20 keys, with any lifetime and
 * without scopes and plans. Every path is the same for a local function, a local gateway and a deployed API.
 */
export function describeOwners(name: string, open: () => Promise<OwnersUnderTest>): void {
  describe(`two owners on ${name}`, () => {
    let api: OwnersUnderTest;
    let annsKey: string;
    /** A key without an owner, and one of an owner with a similar name. */
    let othersKeys: readonly string[];
    beforeAll(async () => {
      api = await open();
      annsKey = await create('ann');
      othersKeys = [await createByOperator({}), await createByOperator({ owner: 'bob x' })];
    }, 120_000);
    afterAll(async () => {
      await api?.close();
    });

    const send = (as: CallerName, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      api.call(as, { method, path, ...(body === undefined ? {} : { body }), headers });
    const create = async (as: 'ann' | 'bob', body: object = {}) => {
      const answer = await send(as, 'POST', '/me/keys', { label: `key of ${as}`, ...body });
      expect(answer.status).toBe(201);
      return String(jsonOf(answer).record.id);
    };
    const createByOperator = async (body: object) => {
      const answer = await send('operator', 'POST', '/keys', { label: 'by an operator', ...body });
      expect(answer.status).toBe(201);
      return String(jsonOf(answer).record.id);
    };
    const recordOf = async (id: string) => jsonOf(await send('operator', 'GET', `/keys/${id}`)).record;
    const problem = (status: number, code: string) =>
      expect.objectContaining({
        type: 'about:blank',
        status,
        code,
        title: expect.any(String),
        detail: expect.any(String),
      });

    test.each(VERBS)(
      'answers %s /me/keys/{id}%s for every other key like an unknown key, byte for byte',
      async (method, suffix, body) => {
        const onKey = (id: string) => send('bob', method, `/me/keys/${id}${suffix}`, body);
        const ids = [annsKey, ...othersKeys];
        const before = await Promise.all(ids.map(recordOf));
        const [unknown, ...others] = await Promise.all([UNKNOWN_ID, ...ids].map(onKey));
        expect(jsonOf(unknown as ManagementAnswer)).toEqual(problem(404, 'NOT_FOUND'));
        for (const { status, headers, text } of others) {
          expect({ status, text, headers: stableHeaders(headers) }).toEqual({
            status: 404,
            text: unknown?.text,
            headers: stableHeaders(unknown?.headers ?? {}),
          });
        }
        // An id that cannot exist is no other case either.
        const odd = await Promise.all(ODD_IDS.map(onKey));
        expect(odd.map(({ status }) => status)).toEqual(ODD_IDS.map(() => 404));
        expect(await Promise.all(ids.map(recordOf))).toEqual(before);
      },
    );

    test('lists only the keys of the caller, with the same fields as every other answer', async () => {
      const bobsKey = await create('bob');
      const ann = jsonOf(await send('ann', 'GET', '/me/keys?limit=1000'));
      const bob = jsonOf(await send('bob', 'GET', '/me/keys?limit=1000'));
      const idsOf = ({ records }: typeof ann) => records.map(({ id }) => id);
      expect(idsOf(ann)).toContain(annsKey);
      expect(idsOf(bob)).toContain(bobsKey);
      expect(idsOf(bob)).not.toContain(annsKey);
      expect(Object.keys(bob)).not.toContain('corrupt');
    });

    test.each(['?owner=ann', '?owner=', '?limit=5&owner=ann'])('refuses the query %s of a list', async (query) => {
      const answer = await send('bob', 'GET', `/me/keys${query}`);
      expect(jsonOf(answer)).toEqual(problem(400, 'INPUT_INVALID'));
      expect(jsonOf(answer).detail).toContain('owner');
    });

    test("refuses the cursor of another owner's list", async () => {
      await create('ann');
      const { cursor } = jsonOf(await send('ann', 'GET', '/me/keys?limit=1'));
      expect(cursor).toEqual(expect.any(String));
      const answer = await send('bob', 'GET', `/me/keys?limit=1&cursor=${encodeURIComponent(String(cursor))}`);
      expect(jsonOf(answer)).toEqual(problem(400, 'INPUT_INVALID'));
    });

    test('takes the owner and the actor from the caller, and shows neither an actor nor the hash', async () => {
      const id = await create('bob');
      const record = await recordOf(id);
      expect(record).toMatchObject({ owner: 'bob', createdBy: 'owner:bob' });
      const answers = [
        await send('bob', 'GET', `/me/keys/${id}`),
        await send('bob', 'GET', '/me/keys?limit=1000'),
        await send('bob', 'POST', `/me/keys/${id}/disable`, {}),
        await send('bob', 'POST', `/me/keys/${id}/disable`, {}),
        await send('bob', 'POST', `/me/keys/${id}/enable`, {}),
        await send('bob', 'POST', `/me/keys/${id}/rotate`, { graceSeconds: 60 }),
        await send('bob', 'POST', `/me/keys/${id}/revoke`, { reason: 'done' }),
        await send('bob', 'POST', `/me/keys/${id}/revoke`, {}),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 409, 200, 201, 200, 409]);
      for (const { text } of answers)
        expect(text).not.toMatch(/createdBy|disabledBy|revokedBy|changedBy|keyHash|metadata|owner:bob/);
      expect(await recordOf(id)).toMatchObject({ revokedBy: 'owner:bob' });
    });

    test('never shows the actor of an operator, not even in a refusal', async () => {
      const id = await create('bob');
      await send('operator', 'POST', `/keys/${id}/revoke`, { reason: 'abuse' });
      const answers = [
        await send('bob', 'GET', `/me/keys/${id}`),
        await send('bob', 'POST', `/me/keys/${id}/revoke`, {}),
        await send('bob', 'PATCH', `/me/keys/${id}`, { label: 'x' }),
        await send('bob', 'POST', `/me/keys/${id}/rotate`, { graceSeconds: 1 }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 409, 409, 409]);
      for (const { text } of answers) expect(text).not.toMatch(/arn:|revokedBy/);
    });

    test.each(FORBIDDEN_FIELDS)('refuses the field %s in every body, and changes nothing', async (field) => {
      const before = await recordOf(annsKey);
      const value = field === 'metadata' ? { a: 1 } : field === 'version' ? 7 : 'bob';
      const bodyWith = (fields: string) => `{${fields}${JSON.stringify(field)}:${JSON.stringify(value)}}`;
      const count = async () => jsonOf(await send('ann', 'GET', '/me/keys?limit=1000')).records.length;
      const keys = await count();
      const answers = await Promise.all([
        send('ann', 'POST', '/me/keys', bodyWith('"label":"x",')),
        send('ann', 'PATCH', `/me/keys/${annsKey}`, bodyWith('"label":"x",')),
        send('ann', 'POST', `/me/keys/${annsKey}/rotate`, bodyWith('"graceSeconds":60,')),
        send('ann', 'POST', `/me/keys/${annsKey}/revoke`, bodyWith('')),
        send('ann', 'POST', `/me/keys/${annsKey}/disable`, bodyWith('')),
      ]);
      for (const answer of answers) {
        expect(jsonOf(answer)).toEqual(problem(400, 'INPUT_INVALID'));
        expect(jsonOf(answer).detail).toContain(field);
      }
      expect(await recordOf(annsKey)).toEqual(before);
      expect(await count()).toBe(keys);
    });

    test.each([
      ['scopes', { scopes: ['admin'] }],
      ['scopes', { scopes: null }],
      ['plan', { plan: 'enterprise' }],
      ['plan', { plan: null }],
    ])('refuses %s that the deployment does not offer: %j', async (field, body) => {
      const answers = [
        await send('ann', 'POST', '/me/keys', { label: 'x', ...body }),
        await send('ann', 'PATCH', `/me/keys/${annsKey}`, body),
      ];
      for (const answer of answers) {
        expect(jsonOf(answer)).toEqual(problem(400, 'INPUT_INVALID'));
        expect(jsonOf(answer).detail).toContain(field);
      }
    });

    test('does not let an owner enable a key that an operator disabled', async () => {
      const id = await create('bob');
      await send('operator', 'POST', `/keys/${id}/disable`, {});
      expect(jsonOf(await send('bob', 'POST', `/me/keys/${id}/enable`, {}))).toEqual(problem(403, 'FORBIDDEN'));
      await send('operator', 'POST', `/keys/${id}/enable`, {});
      expect((await send('bob', 'POST', `/me/keys/${id}/disable`, {})).status).toBe(200);
      expect((await send('bob', 'POST', `/me/keys/${id}/enable`, {})).status).toBe(200);
    });

    test('keeps an idempotency key apart for each owner, and never repeats a secret', async () => {
      const headers = { 'idempotency-key': 'shared-by-both' };
      const body = { label: 'once' };
      const first = await send('ann', 'POST', '/me/keys', body, headers);
      const bobs = await send('bob', 'POST', '/me/keys', body, headers);
      const repeat = await send('ann', 'POST', '/me/keys', body, headers);
      expect([first, bobs, repeat].map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(jsonOf(bobs).record.id).not.toBe(jsonOf(first).record.id);
      expect(jsonOf(bobs).key).toEqual(expect.any(String));
      expect(jsonOf(repeat)).toEqual({ record: jsonOf(first).record });
      expect(repeat.headers['idempotency-replayed']).toBe('true');
    });

    test.each([
      ['/me/keys/verify', 'POST'],
      ['/me/portal-sessions', 'POST'],
      ['/me/keys/import', 'POST'],
      [`/me/keys/${UNKNOWN_ID}`, 'DELETE'],
    ])('has no path %s for owners with %s', async (path, method) => {
      const answer = await send('bob', method, path, {});
      expect(answer.status).toBe(404);
    });
  });
}

/** The headers without those that API Gateway or a server add. */
function stableHeaders(headers: ManagementAnswer['headers']): object {
  const own = new Set([
    'cache-control',
    'content-type',
    'etag',
    'idempotency-replayed',
    'retry-after',
    'x-content-type-options',
  ]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => own.has(name)));
}
