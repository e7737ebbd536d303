import { randomUUID } from 'node:crypto';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Outcome, RunningFunction } from '../../support/bundledFunction.ts';
import { FunctionPool } from '../../support/functionPool.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { makeKey } from '../../support/keys.ts';
import { createLimitsTable } from '../../support/limitsTable.ts';
import { type Column, COLUMNS } from '../../support/responseColumns.ts';
import { readMatrix } from '../../support/responseMatrix.ts';

const limits = {
  large: { quota: { limit: 1000, period: 'month' }, per: 'key' },
  spent: { quota: { limit: 1, period: 'month' }, per: 'key' },
  slow: { throttle: { rateLimit: 0.001, burstLimit: 1 }, per: 'key' },
};
const SETTINGS = {
  LATCHKEY_PLANS: JSON.stringify({ namespace: '0'.repeat(16), perKey: [], shared: [], limits }),
  LATCHKEY_LIMITS_TABLE: 'limits',
};
const TELL = { LATCHKEY_ON_LIMIT: 'tell' };
const NO_TABLE = { LATCHKEY_LIMITS_TABLE: 'missing' };
const DENY = { LATCHKEY_ON_LIMITER_FAILURE: 'deny' };

interface Row {
  readonly plan: keyof typeof limits | 'absent';
  readonly settings: Readonly<Record<string, string>>;
  /** The response is checked once its context has this name. A slow engine may leave a limit unknown at first. */
  readonly until?: string;
}

const ROWS: Readonly<Record<string, Row>> = {
  'a key within its limits': { plan: 'large', settings: {}, until: 'limitRemaining' },
  'a key over its quota': { plan: 'spent', settings: {}, until: 'retryAfterSeconds' },
  'a key over its throttle': { plan: 'slow', settings: {}, until: 'retryAfterSeconds' },
  'the same over its quota, with `onLimit: tell`': { plan: 'spent', settings: TELL, until: 'retryAfterSeconds' },
  'the same over its throttle, with `onLimit: tell`': { plan: 'slow', settings: TELL, until: 'retryAfterSeconds' },
  'a key on a plan that the deployment lacks': { plan: 'absent', settings: {} },
  'a key while the limits’ table is unavailable': { plan: 'spent', settings: NO_TABLE },
  'the same, with `onLimiterFailure: deny`': { plan: 'spent', settings: { ...NO_TABLE, ...DENY } },
};

const { heads, rows } = readMatrix('test/integration/store/limitResponses.test.ts');

test('the test has the same rows and columns as the table of limits in docs/responses.md', () => {
  expect(heads).toEqual(Object.keys(COLUMNS));
  expect([...rows.keys()]).toEqual(Object.keys(ROWS));
});

const functions = new FunctionPool();
let table: FunctionTable;
beforeAll(async () => {
  table = await startFunctionTable();
  await createLimitsTable(table.client, 'limits');
});
afterAll(async () => {
  await functions.stop();
  await table.stop();
});

describe.each(Object.entries(COLUMNS))('the response to %s', (head, column) => {
  const cells = [...rows].map(([presented, answers]) => [presented, answers[heads.indexOf(head)] ?? ''] as const);

  test.each(cells)('matches docs/responses.md for %s: %s', async (presented, expected) => {
    const { plan, settings, until } = ROWS[presented] ?? { plan: 'large', settings: {} };
    const { secret, record } = makeKey({ id: randomUUID(), plan, owner: 'acme' });
    await table.put(record);
    const { invoke } = await functionOf(settings, column);
    const request = column.makeEvent({ headers: [['Authorization', `Bearer ${secret}`]] });
    let outcome = await invoke(request);
    const isDone = () => until === undefined || until in contextOf(outcome);
    let counted = 0;
    for (let tries = 0; tries < 50 && !isDone(); tries++) {
      // A request without this name was allowed because the engine didn't respond within 300 ms.
      if ('limitRemaining' in contextOf(outcome)) counted++;
      await sleepMs(20);
      outcome = await invoke(request);
    }
    expect(counted).toBeLessThanOrEqual(1);
    expect(told(outcome, record.id)).toBe(expected);
  });
});

function functionOf(settings: Row['settings'], { isSimple }: Column): Promise<RunningFunction> {
  return functions.get(table.endpoint, {
    ...SETTINGS,
    ...(isSimple ? { LATCHKEY_HTTP_API_RESPONSE: 'simple' } : {}),
    ...settings,
  });
}

interface Answer {
  readonly policyDocument?: { readonly Statement: readonly { readonly Effect: string }[] };
  readonly isAuthorized?: boolean;
  readonly context?: Readonly<Record<string, string>>;
  readonly resolverContext?: Readonly<Record<string, string>>;
  readonly handlerContext?: Readonly<Record<string, string>>;
  readonly ttlOverride?: number;
}

function contextOf(outcome: Outcome): Readonly<Record<string, string>> {
  const { context, resolverContext, handlerContext } = 'answer' in outcome ? (outcome.answer as Answer) : {};
  return context ?? resolverContext ?? handlerContext ?? {};
}

const WHOLE = /^\d+$/;
const POSITIVE = /^[1-9]\d*$/;

/** Checks the response, and returns it in the words of the page. */
function told(outcome: Outcome, keyId: string): string {
  if (!('answer' in outcome)) return `throw ${/code: '([A-Z_]+)'/.exec(outcome.inspected)?.[1]}`;
  const { policyDocument, isAuthorized, ttlOverride = 0 } = outcome.answer as Answer;
  const { errorCode, errorMessage, limited, retryAfterSeconds, ...context } = contextOf(outcome);
  const isAllowed = policyDocument === undefined ? isAuthorized : policyDocument.Statement[0]?.Effect === 'Allow';
  const words = policyDocument === undefined ? String(isAuthorized) : isAllowed ? 'Allow' : 'Deny';
  expect(ttlOverride).toBe(0);
  expect(context).toMatchObject(isAllowed ? { keyId, owner: 'acme' } : {});
  if (errorCode === undefined) {
    expect({ limited, retryAfterSeconds }).toEqual({});
    const { limitRemaining } = context;
    return limitRemaining === undefined ? words : `${words} with ${expectWhole(context)}`;
  }
  expect(errorMessage).toMatch(/^[A-Z].+\.$/);
  if (errorCode === 'PLAN_UNAVAILABLE') return `${words} ${errorCode}`;
  expect(retryAfterSeconds).toMatch(POSITIVE);
  expect(context).toMatchObject({ limitRemaining: '0' });
  expectWhole(context);
  expect(limited).toBe(isAllowed ? 'true' : undefined);
  return `${words} ${isAllowed ? 'limited ' : ''}${errorCode}`;
}

function expectWhole({ limitRemaining, limitResetSeconds }: Readonly<Record<string, string>>): string {
  expect([limitRemaining, limitResetSeconds]).toEqual([expect.stringMatching(WHOLE), expect.stringMatching(WHOLE)]);
  return 'limitRemaining';
}
