import { describe, expect, test } from '@jest/globals';
import { offerActions } from '../../../console/page/keyActions.ts';
import { publicRecord } from '../../../keys/record.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

function offer(fields: TestKeyFields, blocked?: string) {
  return offerActions(publicRecord(makeKey(fields).record), NOW_MS, blocked);
}

function namesOf(fields: TestKeyFields) {
  return offer(fields).map(({ name }) => name);
}

function impossibleIn(fields: TestKeyFields) {
  return offer(fields)
    .filter(({ whyNot }) => whyNot !== undefined)
    .map(({ action }) => action);
}

describe('offerActions', () => {
  test.each<[string, TestKeyFields]>([
    ['an active key', {}],
    ['a revoked key', { revokedAt: at(-1) }],
    ['an expired key', { expiresAt: at(-1) }],
    ['a rotated key', { rotatedTo: 'successor', expiresAt: at(1) }],
  ])('keeps the places of the actions for %s', (_, fields) => {
    expect(namesOf(fields)).toEqual(['Edit', 'Rotate', 'Disable', 'Revoke']);
  });

  test('offers Enable in the place of Disable for a disabled key', () => {
    expect(namesOf({ disabledAt: at(-1) })).toEqual(['Edit', 'Rotate', 'Enable', 'Revoke']);
  });

  test.each<[string, TestKeyFields, readonly string[]]>([
    ['every action for an active key', {}, []],
    ['every action except Rotate for a disabled key', { disabledAt: at(-1) }, ['rotate']],
    ['every action except Rotate for an expired key', { expiresAt: at(-1) }, ['rotate']],
    ['every action except Rotate for a rotated key', { rotatedTo: 'x', expiresAt: at(1) }, ['rotate']],
    ['no action for a revoked key', { revokedAt: at(-1) }, ['edit', 'rotate', 'disable', 'revoke']],
  ])('offers %s', (_, fields, impossible) => {
    expect(impossibleIn(fields)).toEqual(impossible);
  });

  test('gives the reason of a console that cannot change anything for every action', () => {
    expect(new Set(offer({ disabledAt: at(-1) }, 'read-only').map(({ whyNot }) => whyNot))).toEqual(
      new Set(['read-only']),
    );
  });

  test('names the way to rotate a disabled key', () => {
    expect(offer({ disabledAt: at(-1) })[1]?.whyNot).toMatch(/Enable it before/);
  });
});
