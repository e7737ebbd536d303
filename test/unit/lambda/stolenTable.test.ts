import { describe, expect, test } from '@jest/globals';
import { serialiseRecord } from '../../../keys/record.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { httpApiEvent } from '../../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { makeKey } from '../../support/keys.ts';

const KEY = makeKey({ label: 'a label of many words', owner: 'an owner of many words' });
const { keyHash, keyPrefix = '' } = KEY.record;
const SIMPLE = { LATCHKEY_HTTP_API_RESPONSE: 'simple' };

/** The credentials that an attacker can build from the item without the secret. */
const STOLEN: readonly (readonly [string, string])[] = [
  ['its hash', keyHash],
  ['its hash in capitals', keyHash.toUpperCase()],
  ['its hash as Base64', Buffer.from(keyHash, 'hex').toString('base64url')],
  ['its hash behind the prefix of the deployment', `sk_${keyHash}`],
  ['the hash of its hash', hashSecret(keyHash as string as KeySecret)],
  ['its hash in the form of a key', `sk_${Buffer.from(keyHash, 'hex').toString('hex').slice(0, 49)}`],
  ['its prefix, filled up', keyPrefix.padEnd(KEY.secret.length, '0')],
  ...Object.entries(serialiseRecord(KEY.record)).map(([name, value]) => [`its ${name}`, String(value)] as const),
];

describe.each([{}, { LATCHKEY_EXTERNAL_KEYS: 'true' }])('a stolen table item with the settings %j', (setting) => {
  test.each(STOLEN)("doesn't authorize a request by %s", async (_, stolen) => {
    const { invoke } = handlerUnderTest([KEY.record], { ...SIMPLE, ...setting });
    const bearing = (value: string) => httpApiEvent({ headers: [['Authorization', `Bearer ${value}`]] });
    expect(await invoke(bearing(stolen))).toMatchObject({
      isAuthorized: false,
      context: { errorCode: 'INVALID_KEY' },
    });
    expect(await invoke(bearing(KEY.secret))).toMatchObject({ isAuthorized: true });
  });
});
