import { createServer, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyRegistry } from '../../../keys/createKeyRegistry.ts';
import type { KeyRegistry, RotateOptions } from '../../../keys/registry.ts';
import { closeNow, listenOnLoopback } from '../../../local/loopback.ts';
import { answeredRegistry, registryOn } from '../../support/answeredRegistry.ts';
import {
  type Answer,
  answeringClient,
  failure,
  itemOnWire,
  recordAnswer,
  REFUSED,
} from '../../support/answeringClient.ts';
import { answersInOrder } from '../../support/answersInOrder.ts';
import { failureOf } from '../../support/failureOf.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const { record } = makeKey();
const FOUND = recordAnswer(record);
const NOTHING: Answer = { body: {} };
const FAILED = failure('ResourceNotFoundException');
const CONDITION_FAILED = { name: 'ConditionalCheckFailedException' };

/** A registry, and the calls that it made. */
function watchedRegistry(...answers: readonly Answer[]) {
  const { client, sent } = answersInOrder(...answers);
  return { registry: registryOn(client), operations: () => sent.map(({ operation }) => operation) };
}

describe('store', () => {
  test('throws STORE_UNAVAILABLE without a read if DynamoDB fails', async () => {
    const { registry, operations } = watchedRegistry(FAILED);
    expect(await failureOf(registry.store({ record }))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(operations()).toEqual(['PutItem']);
  });

  test.each([
    ['another key', recordAnswer({ ...record, id: 'another' })],
    ['a key that disappears in the meantime', NOTHING],
  ])('throws CONFLICT with a cause if the table has %s with its hash', async (_, found) => {
    expect(await failureOf(answeredRegistry(REFUSED, found).store({ record }))).toMatchObject({
      code: 'CONFLICT',
      cause: CONDITION_FAILED,
    });
  });

  test('succeeds if the table already has the same key', async () => {
    await expect(answeredRegistry(REFUSED, FOUND).store({ record })).resolves.toBeUndefined();
  });
});

describe('the registry', () => {
  test.each<[string, (registry: KeyRegistry) => Promise<unknown>]>([
    ['get', (registry) => registry.get('an id')],
    ['getByIdStart', (registry) => registry.getByIdStart('an id')],
    ['revoke', (registry) => registry.revoke('an id')],
  ])('rejects an invalid id in %s without a DynamoDB request', async (_, call) => {
    const { registry, operations } = watchedRegistry();
    expect(await failureOf(call(registry))).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^id: ./),
    });
    expect(operations()).toEqual([]);
  });
});

describe('the error for an unknown key', () => {
  test('contains the id', async () => {
    const error = await failureOf(answeredRegistry(FOUND, NOTHING).get(record.id));
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      keyId: '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11',
      message: expect.stringContaining('0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11'),
    });
    expect(error).not.toHaveProperty('cause');
  });

  test('has the error of the SDK as its cause if a change was rejected', async () => {
    expect(await failureOf(answeredRegistry(FOUND, REFUSED, NOTHING).revoke(record.id))).toMatchObject({
      code: 'NOT_FOUND',
      cause: CONDITION_FAILED,
    });
  });
});

describe('getByIdStart', () => {
  const ids = (...found: readonly string[]): Answer => ({ body: { Items: found.map((id) => ({ id: { S: id } })) } });

  test('retries the index instead of searching other ids if it gets a whole UUID', async () => {
    const { registry, operations } = watchedRegistry(NOTHING, FOUND, FOUND);
    expect(await registry.getByIdStart('0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11')).toEqual(record);
    expect(operations()).toEqual(['Query', 'Query', 'GetItem']);
  });

  test.each([
    ['lacks the last digit of a UUID', '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b1'],
    ['is short', '0f8c'],
  ])('searches all ids without a retry if the string %s', async (_, start) => {
    const { registry, operations } = watchedRegistry(NOTHING, NOTHING);
    expect(await failureOf(registry.getByIdStart(start))).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(start),
    });
    expect(operations()).toEqual(['Query', 'Scan']);
  });

  test('searches for longer ids even if the short string is an id', async () => {
    const { registry, operations } = watchedRegistry(FOUND, NOTHING, FOUND);
    await failureOf(registry.getByIdStart('0f8c'));
    expect(operations()).toEqual(['Query', 'Scan', 'GetItem']);
  });

  test('rejects fewer than 4 characters with an error that names the minimum', async () => {
    const { registry, operations } = watchedRegistry(NOTHING);
    expect(await failureOf(registry.getByIdStart('0f8'))).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^id: .*\b4\b/),
    });
    expect(operations()).toEqual(['Query']);
  });

  test.each([
    ['2', ['keys-1', 'keys-2'], /keys-1\b.*\bkeys-2$/],
    [
      '5',
      ['keys-1', 'keys-2', 'keys-3', 'keys-4', 'keys-5'],
      /keys-1\b.*\bkeys-2\b.*\bkeys-3\b.*\bkeys-4\b.*\bkeys-5$/,
    ],
    ['6', ['keys-1', 'keys-2', 'keys-3', 'keys-4', 'keys-5', 'keys-6'], /\bkeys-5\b.*\bmore$/],
  ])('throws an error that contains up to 5 of %s ids with the same prefix', async (_, found, told) => {
    const error = await failureOf(answeredRegistry(NOTHING, ids(...found)).getByIdStart('keys'));
    expect(error).toMatchObject({ code: 'AMBIGUOUS_ID', message: expect.stringMatching(told) });
    expect(String(error)).not.toContain('keys-6');
  });
});

describe('update', () => {
  test("rejects another key's record as the expected record", async () => {
    const { registry, operations } = watchedRegistry();
    const update = registry.update(record.id, { label: 'x' }, { expected: { ...record, id: 'another' } });
    expect(await failureOf(update)).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^expected: ./),
    });
    expect(operations()).toEqual([]);
  });
});

describe('storeRotation', () => {
  const OPTIONS: RotateOptions = { graceSeconds: 3600 };
  const REVOKED = recordAnswer({ ...record, revokedAt: at(-1) });
  const CORRUPT: Answer = { body: { Attributes: { id: { S: record.id } } } };
  const TAKEN_BACK = ['PutItem', 'UpdateItem', 'GetItem', 'DeleteItem'];
  const draw = async () => answeredRegistry(FOUND, FOUND).prepareRotation(record.id, OPTIONS);

  test.each([
    ['is revoked', REVOKED, { code: 'ALREADY_REVOKED' }],
    ['was changed', FOUND, { code: 'CONFLICT', cause: CONDITION_FAILED }],
    ['is gone', NOTHING, { code: 'NOT_FOUND' }],
  ])('deletes the successor if the old key %s in the meantime', async (_, found, expected) => {
    const { registry, operations } = watchedRegistry(NOTHING, REFUSED, found, NOTHING);
    expect(await failureOf(registry.storeRotation(await draw()))).toMatchObject(expected);
    expect(operations()).toEqual(TAKEN_BACK);
  });

  test.each([
    ['DynamoDB fails', FAILED, 'STORE_UNAVAILABLE', /rotation.*ResourceNotFoundException/],
    ['the remaining record is corrupt', CORRUPT, 'RECORD_CORRUPT', /\brotated\b/],
  ])('keeps the successor if %s, because the old key may name it', async (_, ended, code, told) => {
    const { registry, operations } = watchedRegistry(NOTHING, ended);
    expect(await failureOf(registry.storeRotation(await draw()))).toMatchObject({
      code,
      message: expect.stringMatching(told),
    });
    expect(operations()).toEqual(['PutItem', 'UpdateItem']);
  });

  test('throws only the first error if the successor is already deleted', async () => {
    const drawn = await draw();
    const { registry, operations } = watchedRegistry(NOTHING, REFUSED, REVOKED, REFUSED);
    const error = await failureOf(registry.storeRotation(drawn));
    expect(error).toMatchObject({ code: 'ALREADY_REVOKED', keyId: record.id });
    expect(String(error)).not.toContain(drawn.record.id);
    expect(operations()).toEqual(TAKEN_BACK);
  });

  test('throws an error that contains the id of a successor that could not be deleted', async () => {
    const drawn = await draw();
    const error = await failureOf(answeredRegistry(NOTHING, REFUSED, REVOKED, FAILED).storeRotation(drawn));
    expect(error).toMatchObject({
      code: 'ALREADY_REVOKED',
      keyId: record.id,
      cause: { code: 'STORE_UNAVAILABLE' },
    });
    for (const told of [record.id, drawn.record.id]) expect(String(error)).toContain(told);
  });
});

const KEY = makeKey();
const BODY = { Item: itemOnWire(KEY.record) };
const OPTIONS = { tableName: 'keys', actor: 'tests' };
const REAL = { ...process.env };

const seen: IncomingMessage[] = [];
const server = createServer((request, response) => {
  seen.push(request);
  response.end(JSON.stringify(BODY));
});
let endpoint: string;

beforeEach(async () => {
  seen.length = 0;
  const port = await listenOnLoopback(server, 0, 'the server');
  endpoint = `http://127.0.0.1:${port}`;
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
});
afterEach(async () => {
  process.env = { ...REAL };
  await closeNow(server);
});

/** Returns the Region in the signature of the one request. */
function signedRegion(): string | undefined {
  expect(seen).toHaveLength(1);
  return seen[0]?.headers.authorization?.split('/')[2];
}

describe('createKeyRegistry', () => {
  test('uses the given endpoint and the given Region', async () => {
    Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
    const registry = createKeyRegistry({ ...OPTIONS, endpoint, region: 'eu-north-1' });
    expect(await registry.find(KEY.secret)).toEqual(KEY.record);
    expect(signedRegion()).toBe('eu-north-1');
  });

  test('uses the endpoint and the Region of the AWS SDK by default', async () => {
    Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: endpoint });
    expect(await createKeyRegistry(OPTIONS).find(KEY.secret)).toEqual(KEY.record);
    expect(signedRegion()).toBe('eu-west-1');
  });

  test('uses the given client and the given actor', async () => {
    const client = answeringClient(() => ({ body: BODY }));
    const registry = createKeyRegistry({ ...OPTIONS, client, endpoint, now: () => NOW_MS });
    expect(await registry.find(KEY.secret)).toEqual(KEY.record);
    expect(seen).toEqual([]);
    expect(registry.prepare({ label: 'x' }).record).toMatchObject({
      createdBy: 'tests',
      createdAt: '2030-06-15T12:00:00.000Z',
    });
  });
});
