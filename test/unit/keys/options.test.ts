import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { checkRegistryOptions, type KeyRegistryOptions, REGISTRY_TRANSLATION } from '../../../keys/options.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { type Answer, answeringClient, itemOnWire } from '../../support/answeringClient.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';
import { NO_WAIT } from '../../support/noWait.ts';

function clientWith(body: Answer['body']): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    answeringClient(() => ({ body })),
    REGISTRY_TRANSLATION,
  );
}

const GIVEN = { client: clientWith({}), tableName: 'keys', actor: 'tests' };

describe('checkRegistryOptions', () => {
  test('sets the prefix sk_, the clock and the wait function by default', () => {
    expect(checkRegistryOptions(GIVEN)).toEqual({
      ...GIVEN,
      prefix: 'sk_',
      now: Date.now,
      retryOptions: { sleep: expect.any(Function), random: Math.random },
    });
  });

  test('keeps the given options', () => {
    const options = {
      ...GIVEN,
      prefix: 'live_',
      now: () => NOW_MS,
      retryOptions: NO_WAIT,
    };
    expect(checkRegistryOptions(options)).toEqual(options);
  });

  test('uses the first of the keyPrefixes for new keys unless a prefix is given', () => {
    const keyPrefixes = ['sk_live_', 'sk_test_'];
    expect(checkRegistryOptions({ ...GIVEN, keyPrefixes })).toMatchObject({ prefix: 'sk_live_', keyPrefixes });
    expect(checkRegistryOptions({ ...GIVEN, keyPrefixes, prefix: 'sk_test_' })).toMatchObject({ prefix: 'sk_test_' });
  });

  test.each([[[]], [['sk_', 'SK_']], [['sk_', 'sk_']]])('rejects the keyPrefixes %j', (keyPrefixes) => {
    expect(() => checkRegistryOptions({ ...GIVEN, keyPrefixes })).toThrow(/keyPrefixes: expected .+, got "/);
  });

  const WRONG = { tableName: '', actor: '', prefix: 'SK' };
  const MESSAGES = [/^tableName: expected .+, got nothing$/, /^actor: expected \S/, /^prefix: expected .+, got "SK"$/];

  test.each<[Partial<KeyRegistryOptions>, readonly RegExp[]]>([
    [{ tableName: '' }, MESSAGES.slice(0, 1)],
    [{ actor: '' }, MESSAGES.slice(1, 2)],
    [{ prefix: 'SK' }, MESSAGES.slice(2)],
    [WRONG, MESSAGES],
  ])('throws an error that names only the invalid options: %p', (wrong, told) => {
    let error: unknown;
    try {
      checkRegistryOptions({ ...GIVEN, ...wrong });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    const problems = error instanceof Error ? error.message.split('; ') : [];
    expect(problems).toEqual(told.map((pattern) => expect.stringMatching(pattern)));
  });
});

describe('REGISTRY_TRANSLATION', () => {
  const { record, secret } = makeKey();
  const registryWith = (body: Answer['body']) => new KeyRegistry({ ...GIVEN, client: clientWith(body) });

  test('writes a number in metadata that JavaScript cannot represent exactly', async () => {
    const huge = { ...record, metadata: { huge: 1e21 } };
    await expect(registryWith({}).store({ record: huge })).resolves.toBeUndefined();
  });

  test('reads a 38-digit number like JSON.parse does', async () => {
    const long = '12345678901234567890123456789012345678';
    const Item = { ...itemOnWire(record), metadata: { M: { long: { N: long }, short: { N: '3' } } } };
    expect(await registryWith({ Item }).find(secret)).toEqual({
      ...record,
      metadata: { long: Number(long), short: 3 },
    });
  });
});
