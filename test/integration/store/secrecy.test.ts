import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { startFunction, type Outcome } from '../../support/bundledFunction.ts';
import { closedEndpoint } from '../../support/engine.ts';
import type { TestRequest } from '../../../testing/request.ts';
import {
  ACTIVE,
  bearing,
  CORRUPT,
  EXPIRED,
  RECORDS,
  REVOKED,
  API_TYPES,
  UNKNOWN,
} from '../../support/functionCases.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { mistyped } from '../../support/keys.ts';
import { tracesOf } from '../../support/traces.ts';

const MISTYPED = mistyped(ACTIVE.secret);
const SECRETS: readonly string[] = [
  ...[ACTIVE, REVOKED, EXPIRED, CORRUPT].map(({ secret }) => secret),
  UNKNOWN,
  MISTYPED,
];
const HASHES = SECRETS.map((secret) => hashSecret(secret as KeySecret));

/** Every way to present a key, right and wrong. */
const CARRIERS: readonly ((secret: string) => TestRequest)[] = [
  bearing,
  (secret) => ({ headers: [['authorization', `bearer   ${secret}  `]] }),
  (secret) => ({ headers: [['Authorization', secret]] }),
  (secret) => ({ headers: [['Authorization', `Basic ${secret}`]] }),
  (secret) => ({ query: [['api_key', secret]] }),
  (secret) => ({ query: [['api_key', secret], ['api_key', secret]] }), // prettier-ignore
  (secret) => ({ ...bearing(secret), path: `/whoami/${secret}` }),
];
const EVENTS: readonly object[] = [
  ...API_TYPES.flatMap(({ makeEvent }) =>
    CARRIERS.flatMap((carry) => SECRETS.map((secret) => makeEvent(carry(secret)))),
  ),
  ...SECRETS.map((secret) => ({ Records: [{ body: secret }], [secret]: secret })),
  ...SECRETS.map((secret) => ({ type: 'TOKEN', authorizationToken: `Bearer ${secret}`, methodArn: secret })),
];

interface Seen {
  readonly outcomes: readonly Outcome[];
  readonly output: string;
}

describe('a raw key from requests of every kind', () => {
  let table: FunctionTable;
  let seen: Readonly<Record<'served' | 'outage', Seen>>;
  beforeAll(async () => {
    table = await startFunctionTable(...RECORDS);
    seen = { served: await send(table.endpoint), outage: await send(await closedEndpoint()) };
  }, 30_000);
  afterAll(() => table?.stop());

  const textOf = (outcomes: readonly Outcome[]) =>
    outcomes.map((outcome) => ('answer' in outcome ? JSON.stringify(outcome.answer) : outcome.inspected)).join('\n');

  test('appears in requests that cause every kind of outcome', () => {
    const text = textOf([...seen.served.outcomes, ...seen.outage.outcomes]);
    const all = ['"Allow"', 'Unauthorized', 'INVALID_KEY', 'KEY_REVOKED', 'KEY_EXPIRED'];
    const faults = ['RECORD_CORRUPT', 'STORE_UNAVAILABLE', 'EVENT_UNKNOWN'];
    expect([...all, ...faults].filter((expected) => !text.includes(expected))).toEqual([]);
  });

  test.each(['served', 'outage'] as const)("doesn't appear in the function's output: %s", (which) => {
    const { output } = seen[which];
    for (const kind of ['"message":"denied"', '"level":"DEBUG"', '"_aws":']) expect(output).toContain(kind);
    expect(tracesOf([...SECRETS, ...HASHES], output)).toEqual([]);
  });

  test.each(['served', 'outage'] as const)("doesn't appear in the function's responses and errors: %s", (which) => {
    expect(tracesOf([...SECRETS, ...HASHES], textOf(seen[which].outcomes))).toEqual([]);
  });

  test("doesn't appear in the table", async () => {
    const items = await table.items();
    expect(items.find(({ id }) => id === ACTIVE.record.id)).toHaveProperty('lastUsedAt');
    expect(tracesOf(SECRETS, JSON.stringify(items))).toEqual([]);
  });
});

test('tracesOf finds any 12 characters of a secret after its prefix', () => {
  expect(tracesOf([ACTIVE.secret], `"${ACTIVE.record.keyPrefix}"`)).toEqual([]);
  expect(tracesOf([ACTIVE.secret], ACTIVE.secret.slice(20, 31))).toEqual([]);
  expect(tracesOf([ACTIVE.secret], `-${ACTIVE.secret.slice(20, 32)}-`)).toEqual([ACTIVE.secret.slice(20, 32)]);
  expect(tracesOf([ACTIVE.secret], ACTIVE.secret.slice(0, 12))).toEqual([ACTIVE.secret.slice(0, 12)]);
});

/** Sends all events to one execution environment, one after the other. */
async function send(endpoint: string): Promise<Seen> {
  const bundle = await startFunction(endpoint, {
    LATCHKEY_KEY_SOURCES: 'bearer,header:Authorization,query:api_key',
    LATCHKEY_DEBUG_SAMPLE_RATE: '1',
  });
  const outcomes: Outcome[] = [];
  for (const event of EVENTS) outcomes.push(await bundle.invoke(event));
  await bundle.stop();
  return { outcomes, output: bundle.output() };
}
