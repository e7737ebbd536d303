import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createAuthenticator, type AuthenticatorOptions } from '../../../index.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';
import {
  type Answer,
  answeringClient,
  failure,
  recordAnswer,
  REFUSED,
  type SentCall,
} from '../../support/answeringClient.ts';
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

describe('createAuthenticator with limits', () => {
  const metered = createTestKey({ plan: 'metered' });
  const plans = { metered: { enforce: 'authorizer', quota: { limit: 3, period: 'MONTH' } } } as const;
  const meteredRequest = () =>
    new Request('https://api.example/orders', { headers: { authorization: `Bearer ${metered.secret}` } });
  /** Answers in memory, because a slow engine would leave limits unknown. */
  const client = (answerLimits: (call: SentCall) => Answer) =>
    answeringClient((call) =>
      call.operation === 'UpdateItem' && isOnLimits(call) ? answerLimits(call) : recordAnswer(metered.record),
    );
  const isOnLimits = ({ input }: SentCall) => (input as { TableName?: string }).TableName === 'limits';
  const limited = (answerLimits: (call: SentCall) => Answer): AuthenticatorOptions => ({
    tableName: 'keys',
    client: client(answerLimits),
    plans,
    limitsTable: 'limits',
  });
  const missing = () => failure('ResourceNotFoundException');

  test('takes requests from the limits table', async () => {
    let granted = 1;
    const authenticator = createAuthenticator(
      limited(() => ({ body: { Attributes: { granted: { N: `${++granted}` } } } })),
    );
    expect(await authenticator.authenticate(meteredRequest())).toMatchObject({ limit: { remaining: 1 } });
    expect(await authenticator.authenticate(meteredRequest())).toMatchObject({ limit: { remaining: 0 } });
  });

  test('refuses a request if the limits table refuses it', async () => {
    const authenticator = createAuthenticator(limited(() => REFUSED));
    expect(await authenticator.authenticate(meteredRequest())).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED' });
  });

  test('prints one warning a minute if the limits table fails, and allows the requests', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    let nowMs = Date.now();
    const authenticator = createAuthenticator({ ...limited(missing), now: () => nowMs });
    for (let sent = 0; sent < 3; sent++) {
      expect(await authenticator.authenticate(meteredRequest())).toMatchObject({ effect: 'allow' });
      nowMs += 2000;
    }
    const warning = [
      'a request was allowed without a check of its limits: the write of a limit failed: ResourceNotFoundException',
      { type: 'LatchkeyWarning', code: 'LIMITER_UNAVAILABLE' },
    ];
    expect(emitWarning.mock.calls).toEqual([warning]);
    nowMs += 60_000;
    await authenticator.authenticate(meteredRequest());
    expect(emitWarning.mock.calls).toEqual([warning, warning]);
    emitWarning.mockRestore();
  });

  test('responds with 503 if the limits table fails and onLimiterFailure is deny, and prints the reason', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const authenticator = createAuthenticator({ ...limited(missing), onLimiterFailure: 'deny' });
    expect(await authenticator.authenticate(meteredRequest())).toMatchObject({ status: 503 });
    const reason = expect.stringMatching(/could not be checked: .*ResourceNotFoundException$/);
    expect(emitWarning.mock.calls).toEqual([[reason, { type: 'LatchkeyWarning', code: 'AUTHORIZER_UNAVAILABLE' }]]);
    emitWarning.mockRestore();
  });

  test('requires the name of the limits table', () => {
    expect(() => createAuthenticator({ tableName: 'keys', plans })).toThrow(/limitsTable: expected .+, got nothing/);
  });
});
