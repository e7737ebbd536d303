import { describe, expect, test } from '@jest/globals';
import type { UsageHour } from '../../../keys/usage.ts';
import { reportUsage, type UsageOptions } from '../../../keys/usageReport.ts';
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

  test('omits busiest keys whose ids no key can have, because they would fail the query', async () => {
    const ids = ['x'.repeat(3000), '*', 'a'];
    const busiest = ids.map((keyId) => ({ keyId, allowed: 1, limited: 0, refused: 0 }));
    const queried: string[] = [];
    const store = {
      async *query({ keyId }: { keyId: string }) {
        queried.push(keyId);
        if (keyId === '*') yield { keyId, hour: '2030-06-15T10' as UsageHour, apis: {}, busiest };
      },
    };
    await reportUsage({ all: true }, { store, records: async function* () {}, now: () => Date.UTC(2030, 5, 15, 11) });
    expect(queried).toEqual(['*', 'a']);
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
