import { describe, expect, test } from '@jest/globals';
import { formatAcceptedKeys, isAcceptedKeys, isExternal, isRefused } from '../../../keys/acceptedKeys.ts';
import type { KeyFormat } from '../../../keys/secret.ts';

describe('formatAcceptedKeys', () => {
  test.each<[KeyFormat, string]>([
    [{ prefixes: ['sk_'] }, 'sk_'],
    [{ prefixes: ['sk_live_', 'sk_test_'] }, 'sk_live_,sk_test_'],
    [{ prefixes: ['sk_'], externalKeys: {} }, 'sk_,any'],
    [{ prefixes: ['sk_'], externalKeys: { minLength: 20 } }, 'sk_,any'],
    [{ prefixes: ['sk_'], externalKeys: { prefixes: ['acme-', 'old_', '*'] } }, 'sk_,acme-*,old_*,**'],
  ])('writes %j as a list that isAcceptedKeys accepts', (format, text) => {
    expect(formatAcceptedKeys(format)).toBe(text);
    expect(isAcceptedKeys(text)).toBe(true);
  });
});

test.each(['', 'some', 'sk_,', 'SK_', '*', 'sk_, any', `${'x'.repeat(25)}*`])('isAcceptedKeys rejects %j', (text) => {
  expect(isAcceptedKeys(text)).toBe(false);
});

describe('isExternal and isRefused', () => {
  const classify = (keyPrefix: string | undefined, acceptedKeys: string | undefined) => ({
    external: isExternal({ keyPrefix }, acceptedKeys),
    refused: isRefused({ keyPrefix }, acceptedKeys),
  });

  test.each([
    ['without a prefix', undefined, 'sk_'],
    ['with a prefix that Latchkey never issues', 'live_abc', 'sk_'],
    ['whose prefix has a character of base64url', 'sk_AbC-EfGh', 'sk_'],
    ["with another deployment's prefix", 'acme_AbCdEfGh', 'sk_'],
    ['with a prefix that the deployment no longer issues', 'sk_test_AbCdEfGh', 'sk_live_,sk_'],
    ['with another prefix than the external keys', 'live_abc', 'sk_,acme-*,old_*'],
  ])('return true for a record %s', (_, keyPrefix, acceptedKeys) => {
    expect(classify(keyPrefix, acceptedKeys)).toEqual({ external: true, refused: true });
  });

  test.each([
    ['with another prefix in an unknown deployment', 'acme_AbCdEfGh', undefined],
    ['with a prefix of several segments in an unknown deployment', 'sk_live_AbCdEfGh', undefined],
    ["with the deployment's prefix", 'sk_AbCdEfGh', 'sk_'],
    ["with one of the deployment's prefixes", 'sk_live_AbCdEfGh', 'sk_,sk_live_'],
    ['with another prefix in a deployment that accepts any key', 'acme_AbCdEfGh', 'sk_,any'],
  ])('return false for a record %s', (_, keyPrefix, acceptedKeys) => {
    expect(classify(keyPrefix, acceptedKeys)).toEqual({ external: false, refused: false });
  });

  test.each([
    ['without a prefix in a deployment that accepts any key', undefined, 'any'],
    ['without a prefix in an unknown deployment', undefined, undefined],
    ['without a prefix in a deployment with external keys', undefined, 'sk_,acme-*'],
    ["with an external key's prefix", 'old_AbCdEfGh', 'sk_,acme-*,old_*'],
    ["with less than an external key's prefix", 'old_key', 'sk_,old_keys_of_2019_*'],
  ])('differ for a record %s', (_, keyPrefix, acceptedKeys) => {
    expect(classify(keyPrefix, acceptedKeys)).toEqual({ external: true, refused: false });
  });
});
