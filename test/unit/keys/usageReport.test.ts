import { describe, expect, test } from '@jest/globals';
import { type UsageOptions } from '../../../keys/usageReport.ts';
import { answeredRegistry } from '../../support/answeredRegistry.ts';
import { failureOf } from '../../support/failureOf.ts';
import { makeKey } from '../../support/keys.ts';

describe('usage', () => {
  test.each<[UsageOptions, string]>([
    [{}, 'expected one of id, owner and all, got none'],
    [{ id: undefined, all: false }, 'expected one of id, owner and all, got none'],
    [{ id: 'a', owner: 'acme' }, 'expected one of id, owner and all, got id and owner'],
    [{ id: '*' }, "id: expected a key's id"],
    [{ owner: '' }, 'owner: expected the owner of keys, got ""'],
  ])('rejects %j with INPUT_INVALID', async (options, message) => {
    const error = await failureOf(answeredRegistry().usage(options));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(message) });
  });

  test("doesn't repeat a raw key in its error", async () => {
    const { secret } = makeKey();
    expect(String(await failureOf(answeredRegistry().usage({ id: secret })))).not.toContain(secret);
  });

  test('throws CONFIG_INVALID without usageTableName', async () => {
    const error = await failureOf(answeredRegistry().usage({ all: true }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/^usageTableName: /) });
  });
});
