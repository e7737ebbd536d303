import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createAuthenticator, type AuthenticatorOptions } from '../../../index.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';
import { createClient } from '../../support/engine.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';

const { secret, record } = createTestKey({ owner: 'acme' });
const request = () => new Request('https://api.example/orders', { headers: { authorization: `Bearer ${secret}` } });

describe('createAuthenticator', () => {
  let table: FunctionTable;
  beforeAll(async () => {
    table = await startFunctionTable(record);
  });
  afterAll(() => table.stop());

  const options = (): AuthenticatorOptions => ({ tableName: 'keys', client: createClient(table.endpoint) });

  test('checks the keys of the table, and records their use', async () => {
    expect(await createAuthenticator(options()).authenticate(request())).toMatchObject({
      effect: 'allow',
      context: { keyId: record.id, owner: 'acme' },
    });
    expect(await table.lastUsedAt(record)).toEqual(expect.any(String));
  });

  test("prints the reason why it couldn't check a key, without the key", async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const authenticator = createAuthenticator({ ...options(), tableName: 'misspelled' });
    expect(await authenticator.authenticate(request())).toMatchObject({ status: 503 });
    expect(await authenticator.authenticate(new Request('https://api.example'))).toMatchObject({ status: 401 });
    expect(emitWarning.mock.calls).toEqual([
      [
        'an API key could not be checked: the read failed: ResourceNotFoundException',
        { type: 'LatchkeyWarning', code: 'AUTHORIZER_UNAVAILABLE' },
      ],
    ]);
    emitWarning.mockRestore();
  });

  test('calls onRefused for every refused request instead of printing a warning', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const codes: string[] = [];
    const onRefused: AuthenticatorOptions['onRefused'] = ({ code }) => codes.push(code);
    await createAuthenticator({ ...options(), tableName: 'misspelled', onRefused }).authenticate(request());
    await createAuthenticator({ ...options(), onRefused }).authenticate(new Request('https://api.example'));
    expect(codes).toEqual(['AUTHORIZER_UNAVAILABLE', 'AUTH_REQUIRED']);
    expect(emitWarning).not.toHaveBeenCalled();
    emitWarning.mockRestore();
  });

  test('rejects invalid and unknown options, listing every problem', () => {
    const wrong = { tableName: '', keySources: ['berer'], keySource: 'bearer' } as unknown as AuthenticatorOptions;
    expect(() => createAuthenticator(wrong)).toThrow(
      /^keySource: unknown option; tableName: expected .+, got ""; keySources: expected .+, got "berer"$/,
    );
  });
});
