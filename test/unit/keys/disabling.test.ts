import { describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { answeredRegistry } from '../../support/answeredRegistry.ts';
import { recordAnswer, REFUSED, THROTTLED } from '../../support/answeringClient.ts';
import { at, makeKey } from '../../support/keys.ts';

const { record } = makeKey();
const FOUND = recordAnswer(record);

/** What comes of a change that is refused, where the record has these fields by then. */
async function refused(
  operation: 'disable' | 'enable',
  fields: Partial<KeyRecord>,
  tries: 'at once' | 'sent again' = 'at once',
): Promise<unknown> {
  const earlier = tries === 'at once' ? [] : [THROTTLED];
  const registry = answeredRegistry(FOUND, ...earlier, REFUSED, recordAnswer({ ...record, ...fields }));
  return registry[operation](record.id).catch((error: unknown) => error);
}

describe('disable', () => {
  test.each<[string, Partial<KeyRecord>, object]>([
    ['now and by the same actor: it was this', { disabledAt: at(0), disabledBy: 'tests' }, { disabledAt: at(0) }],
    ['now by another', { disabledAt: at(0), disabledBy: 'others' }, { code: 'CONFLICT' }],
    ['by the same actor before', { disabledAt: at(-1), disabledBy: 'tests' }, { code: 'CONFLICT' }],
  ])('that was sent again, of a key that was disabled %s', async (_, fields, outcome) => {
    expect(await refused('disable', fields, 'sent again')).toMatchObject(outcome);
  });

  test('of a disabled key is a conflict of its own, and tells since when and by whom', async () => {
    const error = await refused('disable', { disabledAt: at(-1), disabledBy: 'somebody' });
    expect(error).toMatchObject({ code: 'CONFLICT', keyId: record.id });
    expect(error).not.toHaveProperty('cause');
    for (const told of [record.id, '2030-06-15T11:59:59.999Z', 'somebody']) expect(String(error)).toContain(told);
  });

  test('of a key that nobody is said to have disabled tells the time alone', async () => {
    expect(String(await refused('disable', { disabledAt: at(-1) }))).toMatch(/2030-06-15T11:59:59\.999Z$/);
  });
});

describe('enable', () => {
  test.each<[string, Partial<KeyRecord>, object]>([
    ['neither disabled nor revoked: it was this', {}, { id: record.id, keyHash: record.keyHash }],
    ['disabled', { disabledAt: at(-1) }, { code: 'CONFLICT' }],
    ['revoked', { revokedAt: at(-1) }, { code: 'ALREADY_REVOKED' }],
  ])('that was sent again, of a key that is then %s', async (_, fields, outcome) => {
    expect(await refused('enable', fields, 'sent again')).toMatchObject(outcome);
  });

  test('of a key that is not disabled is a conflict of its own', async () => {
    const error = await refused('enable', {});
    expect(error).toMatchObject({ code: 'CONFLICT', keyId: record.id });
    expect(error).not.toHaveProperty('cause');
  });

  test('of a key that is disabled again by then is a conflict with its cause', async () => {
    expect(await refused('enable', { disabledAt: at(-1) })).toMatchObject({
      code: 'CONFLICT',
      cause: { name: 'ConditionalCheckFailedException' },
    });
  });
});
