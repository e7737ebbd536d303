import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { appSyncEvent, restRequestEvent } from '../../../testing/authorizerEvents.ts';
import { logLines, metricLines, startFunction, type RunningFunction } from '../../support/bundledFunction.ts';
import { problemsOf, sumsOf } from '../../support/embeddedMetrics.ts';
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

const NAME = { AWS_LAMBDA_FUNCTION_NAME: 'acme-authorizer' };

let table: FunctionTable;
beforeAll(async () => {
  table = await startFunctionTable(...RECORDS);
});
afterAll(() => table?.stop());

/** Runs the bundle. At the end, sends a fault after a second, so the bundle writes all buffered metrics. */
async function run(settings: Record<string, string>, use: (bundle: RunningFunction) => Promise<void>): Promise<string> {
  const bundle = await startFunction(table.endpoint, { ...NAME, ...settings });
  try {
    await use(bundle);
    await sleep(1100);
    await bundle.invoke({});
  } finally {
    await bundle.stop();
  }
  return bundle.output();
}

describe('a mix of requests to the bundle', () => {
  const events = [...API_TYPES, { apiType: 'appsync', makeEvent: appSyncEvent }].flatMap(({ makeEvent }) => [
    ...[ACTIVE, ACTIVE, ACTIVE, REVOKED, EXPIRED, CORRUPT].map(({ secret }) => makeEvent(bearing(secret))),
    ...[UNKNOWN, 'sk_nonsense'].map((secret) => makeEvent(bearing(secret))),
    makeEvent(),
  ]);
  let output: string;
  beforeAll(async () => {
    output = await run({ LATCHKEY_DEBUG_SAMPLE_RATE: '1' }, async ({ invoke }) => {
      for (const event of events) await invoke(event);
    });
  });

  test('produces metric lines with exact sums', () => {
    const names = [...API_TYPES.map(({ apiType }) => apiType), 'appsync'];
    const byApiType = Object.fromEntries(
      names.flatMap((apiType) => [
        [`Allowed ${apiType}`, 3],
        [`Denied ${apiType} KEY_REVOKED`, 1],
        [`Denied ${apiType} KEY_EXPIRED`, 1],
        [`Denied ${apiType} INVALID_KEY`, 2],
        [`Denied ${apiType} AUTH_REQUIRED`, 1],
        [`Faults ${apiType} RECORD_CORRUPT`, 1],
      ]),
    );
    // Six API types send six requests each for cached keys, and four of them cause reads. The corrupt record is read
    // every time.
    const sums = { Allowed: 18, Denied: 30, Faults: 7, CacheHits: 6 * 6 - 4, LookupLatency: 4 + 6 };
    const writes = { LastUsedWrites: 1, LastUsedWritesSkipped: 17 };
    expect(sumsOf(metricLines(output))).toEqual({
      ...sums,
      ...writes,
      ...byApiType,
      'Faults unknown EVENT_UNKNOWN': 1,
    });
  });

  test('produces metric lines that follow CloudWatch’s format', () => {
    const lines = output.split('\n').filter((line) => line.startsWith('{"_aws"'));
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.flatMap((line) => problemsOf(line, Date.now()))).toEqual([]);
    expect(new Set(metricLines(output).map(({ FunctionName }) => FunctionName))).toEqual(new Set(['acme-authorizer']));
  });

  test('produces a sampled line for each request at a sample rate of 1', () => {
    const sampled = logLines(output).filter(({ level }) => level === 'DEBUG');
    expect(sampled).toHaveLength(events.length + 1);
  });
});

test('the bundle writes at most one batch of metrics a minute for 10,000 allowed requests', async () => {
  const startedAtMs = Date.now();
  const output = await run({}, async ({ invoke }) => {
    const event = restRequestEvent(bearing(ACTIVE.secret));
    for (let hundred = 0; hundred < 100; hundred++) await Promise.all(Array.from({ length: 100 }, () => invoke(event)));
  });
  const minutes = Math.floor((Date.now() - startedAtMs) / 60_000);
  // One batch from the first request, one from the last fault, and one for each minute in between.
  const batches = new Set(metricLines(output).map(({ _aws }) => (_aws as { Timestamp: number }).Timestamp));
  expect(batches.size).toBeGreaterThanOrEqual(2);
  expect(batches.size).toBeLessThanOrEqual(2 + minutes);
  expect(sumsOf(metricLines(output))).toMatchObject({ Allowed: 10_000, 'Allowed rest-request': 10_000 });
  expect(logLines(output)).toEqual([expect.objectContaining({ code: 'EVENT_UNKNOWN' })]);
}, 120_000);

test("the bundle doesn't write metrics if they are turned off", async () => {
  const output = await run({ LATCHKEY_METRICS: 'false' }, async ({ invoke }) => {
    await invoke(restRequestEvent(bearing(ACTIVE.secret)));
  });
  expect(metricLines(output)).toEqual([]);
  expect(logLines(output)).toHaveLength(1);
});

test('the bundle writes metrics with the function name latchkey outside Lambda', async () => {
  const bundle = await startFunction(table.endpoint);
  await bundle.invoke({});
  await bundle.stop();
  expect(metricLines(bundle.output())[0]).toMatchObject({ FunctionName: 'latchkey' });
});
