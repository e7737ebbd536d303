import { describe, expect, test } from '@jest/globals';
import { revokeChange } from '../../../keys/changes.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

describe('revocation', () => {
  test.each(['', 'x'.repeat(257)])('refuses a reason of %p, and names it and its bounds', (reason) => {
    expect(() => revokeChange({ reason }, 'ops', NOW_MS)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringMatching(/^reason: expected 1 to 256/) }),
    );
  });

  const REVOKED = { revokedAt: at(0), revokedBy: 'ops', revokedReason: 'leaked' };

  test.each<[string, TestKeyFields, boolean]>([
    ['at the same time, by the same and for the same reason', REVOKED, true],
    ['at another time', { ...REVOKED, revokedAt: at(1) }, false],
    ['by another', { ...REVOKED, revokedBy: 'other' }, false],
    ['for another reason', { ...REVOKED, revokedReason: 'lost' }, false],
    ['for no reason', { revokedAt: at(0), revokedBy: 'ops' }, false],
  ])('finds itself in a record that was revoked %s: %#', (_, fields, expected) => {
    const { record } = makeKey(fields);
    expect(revokeChange({ reason: 'leaked' }, 'ops', NOW_MS).isApplied(record)).toBe(expected);
  });
});
