import { describe, expect, test } from '@jest/globals';
import { checkChanges, type KeyChanges, updateChange, versionRefusal } from '../../../keys/changes.ts';
import { deepValue } from '../../support/deepJson.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const ALL_FIELDS = 'label, owner, scopes, plan, expiresAt, metadata';

describe('checkChanges', () => {
  test.each([
    ['null', null],
    ['a text', ''],
    ['no field', {}],
    ['a field that is undefined', { label: undefined }],
  ])('refuses %s, and names the fields there are', (_, changes) => {
    expect(() => checkChanges(changes, NOW_MS)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(new RegExp(`^changes: expected .*${ALL_FIELDS}, got none`)),
      }),
    );
  });

  test.each(['label', 'metadata'])('refuses a %s of 25,000 lists in each other', (name) => {
    expect(() => checkChanges({ [name]: deepValue(25_000) }, NOW_MS)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  test('returns changes that share no list and no object with the input', () => {
    const scopes = ['a'];
    const metadata = { list: ['a'] };
    const checked = checkChanges({ scopes, metadata, owner: null }, NOW_MS);
    scopes.push('bad,scope');
    metadata.list.push('b');
    expect(checked).toStrictEqual({ scopes: ['a'], metadata: { list: ['a'] }, owner: null });
  });

  test('tells each field that is wrong, and of one that there is not, which ones there are', () => {
    expect(() => checkChanges({ label: '', owner: 'acme', colour: 'red' }, NOW_MS)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(new RegExp(`^label: expected [^;]+, got ""; .*${ALL_FIELDS}.*"colour"$`)),
      }),
    );
  });
});

const { record } = makeKey({ owner: 'acme', plan: 'free' });

const IS_NOT_REVOKED = '(attribute_not_exists(#revokedAt) OR attribute_type(#revokedAt, :null))';
const HAS_NO_END = '(attribute_not_exists(#expiresAt) OR attribute_type(#expiresAt, :null))';
const IS_NOT_ROTATED = '(attribute_not_exists(#rotatedTo) OR attribute_type(#rotatedTo, :null))';

describe('updateChange', () => {
  test.each<[string, KeyChanges, Parameters<typeof updateChange>[1], readonly string[]]>([
    ['allows a new label for any key that is not revoked', { label: 'b' }, { read: undefined }, []],
    [
      'allows a new expiry only if the expiry and the rotation are as they were read',
      { label: 'b', expiresAt: at(1) },
      { read: record },
      [HAS_NO_END, IS_NOT_ROTATED],
    ],
    [
      'compares the times and ids that were read',
      { expiresAt: at(1) },
      { read: { ...record, expiresAt: at(2), rotatedTo: 'successor' } },
      ['#expiresAt = :expiresAtRead', '#rotatedTo = :rotatedToRead'],
    ],
  ])('%s', (_, changes, context, compared) => {
    const change = updateChange(changes, context);
    expect(change.conditions).toEqual([IS_NOT_REVOKED, ...compared]);
    const { expiresAt: expiresAtRead, rotatedTo: rotatedToRead } = context.read ?? {};
    expect(change.values).toEqual(JSON.parse(JSON.stringify({ expiresAtRead, rotatedToRead })));
  });

  test('rejects the removal of the expiry of a rotated key, and names the successor', () => {
    const read = { ...record, expiresAt: at(1), rotatedTo: 'successor' };
    expect(() => updateChange({ expiresAt: null }, { read })).toThrow(
      expect.objectContaining({
        code: 'CONFLICT',
        keyId: record.id,
        message: expect.stringContaining('successor'),
      }),
    );
  });

  test.each<[string, KeyChanges]>([
    ['another expiry', { expiresAt: at(1) }],
    ['no expiry, even if the key was rotated', { expiresAt: null }],
  ])('rejects a change of a revoked key before it is written: %s', (_, changes) => {
    const read = { ...record, revokedAt: at(-1), rotatedTo: 'successor' };
    expect(() => updateChange(changes, { read })).toThrow(
      expect.objectContaining({ code: 'ALREADY_REVOKED', keyId: record.id }),
    );
  });
});

describe('versionRefusal', () => {
  const versioned = (version: number | undefined) => ({ ...record, ...(version === undefined ? {} : { version }) });

  test.each<[number | undefined, number | undefined]>([
    [undefined, undefined],
    [3, undefined],
    [undefined, 0],
    [0, 0],
    [3, 3],
  ])('allows a record of version %p if version %p is expected', (version, expected) => {
    expect(versionRefusal(versioned(version), expected)).toBeUndefined();
  });

  test.each<[number | undefined, number]>([
    [undefined, 1],
    [1, 0],
    [4, 3],
  ])('rejects a record of version %p if version %p is expected, and names both', (version, expected) => {
    expect(versionRefusal(versioned(version), expected)).toMatchObject({
      code: 'CONFLICT',
      keyId: record.id,
      message: expect.stringMatching(new RegExp(`other fields.*version ${expected}, got ${version ?? 0}\\b`)),
    });
  });
});
