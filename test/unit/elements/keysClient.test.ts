import { describe, expect, jest, test } from '@jest/globals';
import type { z } from 'zod';
import { createKeysClient, type KeysClientDeps, type KeysProblem } from '../../../elements/keysClient.ts';
import type { IssuedOwnedKey, OwnedKey, OwnedKeyPage, OwnerAccess } from '../../../elements/ownedKey.ts';
import type { KEY_RESPONSES, ownerSchema, ownersRecordSchema } from '../../../management/responseSchemas.ts';

const RECORD = { id: 'k1', version: 3 } as IssuedOwnedKey['record'];

interface ClientOptions {
  readonly responses: readonly (() => Response | Promise<Response>)[];
  readonly tokens?: readonly (string | (() => never))[];
}

/** Returns a client whose server gives these responses in turn, and the requests that it gets. */
function clientOf({ responses, tokens }: ClientOptions) {
  const queue = [...responses];
  const tokenQueue = [...(tokens ?? [])];
  const fetch = jest.fn<typeof globalThis.fetch>(async () => (await queue.shift()?.()) ?? new Response('{}'));
  const tokenProvider = async () => {
    const token = tokenQueue.shift() ?? '';
    return typeof token === 'string' ? token : token();
  };
  const deps: KeysClientDeps = { baseUrl: '/me/', tokenProvider: tokens && tokenProvider, fetch };
  const sent = () => fetch.mock.calls.map(([url, init]) => ({ url, ...init }));
  return { client: createKeysClient(deps), sent };
}

function json(status: number, body: unknown): () => Response {
  return () => new Response(JSON.stringify(body), { status });
}

test("the types of the client fit the schemas of the management API's responses", () => {
  // The compiler checks these functions. The page's timestamps are branded.
  type Answer = z.infer<typeof ownersRecordSchema>;
  const access = (answer: z.infer<typeof ownerSchema>): OwnerAccess => answer;
  const names = (name: keyof OwnedKey): keyof Answer => name;
  const page = ({ cursor }: z.infer<typeof KEY_RESPONSES.owner.page>): OwnedKeyPage['cursor'] => cursor;
  const secret = ({ key }: z.infer<typeof KEY_RESPONSES.owner.rotated>): string | undefined => key;
  expect([access, names, page, secret]).toHaveLength(4);
});

describe('a request of the client', () => {
  test('carries the cookies of the own origin if there is no token', async () => {
    const { client, sent } = clientOf({ responses: [json(200, { records: [], cursor: null })] });
    await client.list('a b');
    expect(sent()).toMatchObject([{ url: '/me/keys?cursor=a%20b', method: 'GET', credentials: 'same-origin' }]);
    expect(sent()[0]?.headers).not.toHaveProperty('authorization');
  });

  test('carries the token and no cookies if there is one', async () => {
    const { client, sent } = clientOf({ responses: [], tokens: ['t1'] });
    await client.describe();
    expect(sent()).toMatchObject([{ url: '/me', credentials: 'omit', headers: { authorization: 'Bearer t1' } }]);
  });

  test('states the version that a change expects', async () => {
    const { client, sent } = clientOf({ responses: [json(200, { record: RECORD })] });
    await client.update(RECORD, { label: 'new' });
    expect(sent()).toMatchObject([
      { url: '/me/keys/k1', method: 'PATCH', headers: { 'if-match': '"3"' }, body: '{"label":"new"}' },
    ]);
  });

  test("can't leave the path of a key if an id contains a path", async () => {
    const { client, sent } = clientOf({ responses: [json(200, { record: RECORD })] });
    await client.revoke('../session?x=#y', {});
    expect(sent()[0]?.url).toBe('/me/keys/..%2Fsession%3Fx%3D%23y/revoke');
  });
});

describe('a rejected token', () => {
  const unauthorized = json(401, { message: 'Unauthorized' });

  test('makes the client ask for a new token once, and repeat the request with the same Idempotency-Key', async () => {
    const { client, sent } = clientOf({
      responses: [unauthorized, json(201, { key: 'sk_x', record: RECORD })],
      tokens: ['old', 'new'],
    });
    expect(await client.create({ label: 'x' }, { idempotencyKey: 'i1' })).toMatchObject({ key: 'sk_x' });
    expect(sent().map(({ headers }) => headers)).toMatchObject([
      { authorization: 'Bearer old', 'idempotency-key': 'i1' },
      { authorization: 'Bearer new', 'idempotency-key': 'i1' },
    ]);
  });

  test('ends the session if the new token is rejected too', async () => {
    const { client, sent } = clientOf({ responses: [unauthorized, unauthorized], tokens: ['old', 'new'] });
    await expect(client.describe()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(sent()).toHaveLength(2);
  });

  test('ends the session at once without a token provider', async () => {
    const { client, sent } = clientOf({ responses: [unauthorized] });
    await expect(client.describe()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    expect(sent()).toHaveLength(1);
  });
});

test.each<[string, string | (() => never)]>([
  ['returns an empty text', ''],
  [
    'throws',
    () => {
      throw new Error('signed out');
    },
  ],
])('a token provider that %s ends the session without a request', async (_, token) => {
  const { client, sent } = clientOf({ responses: [], tokens: [token] });
  await expect(client.describe()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  expect(sent()).toEqual([]);
});

test.each<[string, () => Response | Promise<Response>, string, boolean]>([
  ['problem details', json(409, { code: 'TOO_MANY_KEYS', detail: 'enough' }), 'TOO_MANY_KEYS', false],
  ['an outage of the table', json(503, { code: 'STORE_UNAVAILABLE', detail: '' }), 'STORE_UNAVAILABLE', true],
  ["API Gateway's throttling", json(429, { message: 'Too Many Requests' }), 'THROTTLED', false],
  ["API Gateway's timeout", json(504, { message: 'Timeout' }), 'UNREACHABLE', true],
  ['no response', () => Promise.reject(new TypeError('Failed to fetch')), 'UNREACHABLE', true],
  ['half a response', () => new Response('{"key":'), 'UNREACHABLE', true],
  ['a page of a proxy', () => new Response('<html>', { status: 502 }), 'UNREACHABLE', true],
])(
  '%s become an error with a code, which states whether the change may have been made',
  async (_, answer, code, isUncertain) => {
    const { client } = clientOf({ responses: [answer] });
    const problem = await client.create({ label: 'x' }, { idempotencyKey: 'i' }).catch((error: KeysProblem) => error);
    expect(problem).toMatchObject({ name: 'KeysProblem', code, isUncertain });
  },
);
