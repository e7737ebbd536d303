import { describe, expect, test } from '@jest/globals';
import type { PreparedRotation, RotateOptions } from '../../../keys/registry.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { answeredRegistry } from '../../support/answeredRegistry.ts';
import { recordAnswer, REFUSED } from '../../support/answeringClient.ts';
import { failureOf } from '../../support/failureOf.ts';
import { at, makeKey } from '../../support/keys.ts';

const HOUR: RotateOptions = { graceSeconds: 3600 };
const ID = makeKey().record.id;
const OTHER_ID = '7d0f1b0e-3c2a-4b7e-8a55-5f6c1d2e3f40';

/** Prepares the rotation of a key with these fields. */
async function draw(fields: TestKeyFields = {}, options: RotateOptions = HOUR): Promise<PreparedRotation> {
  const found = recordAnswer(makeKey(fields).record);
  return answeredRegistry(found, found).prepareRotation(ID, options);
}

describe('prepareRotation', () => {
  test('accepts a grace period of ten years', async () => {
    const { previousEndsAt } = await draw({}, { graceSeconds: 315_360_000 });
    expect(previousEndsAt).toBe('2040-06-12T12:00:00.000Z');
  });

  test('rejects a grace period one second over the limit with an error that names the limits', async () => {
    const error = await failureOf(answeredRegistry().prepareRotation(ID, { graceSeconds: 315_360_001 }));
    expect(error).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^graceSeconds: .*\b0\b.*\b315360000\b.*\b315360001\b/),
    });
  });

  test('throws one error that names every invalid option', async () => {
    const wrong: RotateOptions = { graceSeconds: -1, expiresAt: 'tomorrow' };
    const error = await failureOf(answeredRegistry().prepareRotation(ID, wrong));
    expect(error).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^graceSeconds: .*-1.*; expiresAt: .*tomorrow/),
    });
  });

  test.each<[string, TestKeyFields, string, readonly string[]]>([
    ['revoked', { revokedAt: at(-1), rotatedTo: OTHER_ID }, 'ALREADY_REVOKED', ['2030-06-15T11:59:59.999Z']],
    ['rotated', { rotatedTo: OTHER_ID }, 'CONFLICT', [OTHER_ID]],
    ['expired', { expiresAt: at(-1) }, 'CONFLICT', ['2030-06-15T11:59:59.999Z']],
    ['disabled', { disabledAt: at(-1) }, 'CONFLICT', ['2030-06-15T11:59:59.999Z']],
  ])(
    'rejects a key that is %s with an error that contains the time or the successor',
    async (_, fields, code, values) => {
      const error = await failureOf(draw(fields));
      expect(error).toMatchObject({ code, keyId: ID });
      expect(error).not.toHaveProperty('cause');
      for (const shown of [ID, ...values]) expect(String(error)).toContain(shown);
    },
  );

  test.each<[string, string | null, string | undefined]>([
    ['the given expiry', '2031-01-31T12:00:00+01:00', '2031-01-31T11:00:00.000Z'],
    ['an unlimited lifetime for null', null, undefined],
  ])('gives the successor %s', async (_, expiresAt, expected) => {
    const { record } = await draw({ expiresAt: at(1000) }, { ...HOUR, expiresAt });
    expect(record.expiresAt).toBe(expected);
  });

  test('gives the successor the same lifetime, up to the last storable time', async () => {
    const { record } = await draw({ createdAt: at(0), expiresAt: '9999-12-31T23:59:59.999Z' });
    expect(record.expiresAt).toBe('9999-12-31T23:59:59.999Z');
  });

  test.each<[string, TestKeyFields]>([
    ['ends a millisecond after the last storable time', { createdAt: at(-1), expiresAt: '9999-12-31T23:59:59.999Z' }],
    ['is empty', { createdAt: at(1000), expiresAt: at(1000) }],
    ['ends before it starts', { createdAt: at(1000), expiresAt: at(500) }],
  ])('requires an expiry if the same lifetime %s', async (_, fields) => {
    expect(await failureOf(draw(fields))).toMatchObject({
      code: 'INPUT_INVALID',
      keyId: ID,
      message: expect.stringMatching(new RegExp(`^expiresAt: .*${ID}`)),
    });
  });
});

describe('storeRotation', () => {
  const DONE = { body: {} };

  test.each<[string, TestKeyFields, object]>([
    [
      'rotated to another successor',
      { rotatedTo: OTHER_ID },
      { code: 'CONFLICT', message: expect.stringContaining(OTHER_ID) },
    ],
    [
      'expired',
      { expiresAt: at(0) },
      { code: 'CONFLICT', message: expect.stringContaining('2030-06-15T12:00:00.000Z') },
    ],
  ])('rejects a key that is %s in the meantime', async (_, fields, expected) => {
    const found = recordAnswer(makeKey(fields).record);
    const registry = answeredRegistry(DONE, REFUSED, found, DONE);
    expect(await failureOf(registry.storeRotation(await draw()))).toMatchObject(expected);
  });

  test('succeeds if the old key already has this successor', async () => {
    const drawn = await draw();
    const found = recordAnswer(makeKey({ rotatedTo: drawn.record.id }).record);
    const { record } = await answeredRegistry(DONE, REFUSED, found).storeRotation(drawn);
    expect(record).toEqual(drawn.record);
  });
});
