import { randomUUID } from 'node:crypto';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { restRequestEvent } from '../../../testing/authorizerEvents.ts';
import { logLines, startFunction, type Outcome, type RunningFunction } from '../../support/bundledFunction.ts';
import { startFaultProxy, type FaultProxy } from '../../support/faultProxy.ts';
import { bearing } from '../../support/functionCases.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { makeKey } from '../../support/keys.ts';
import { NO_ANSWERS, NO_ITEMS, REFUSES, STORE_FAULTS, type StoreFault } from '../../support/storeFaults.ts';

/** The maximum duration of a request during any fault (docs/responses.md). */
const BOUND_MS = 4000;
/** API Gateway's timeout for an authorizer, and therefore for a start. */
const START_BOUND_MS = 10_000;
const FAULT = { errorType: 'LatchkeyError', errorMessage: expect.any(String), inspected: expect.any(String) };
const NOT_PRIMED = { LATCHKEY_PRIME: 'false' };

/** The faults that can end within a moment. Latchkey retries after these. */
const TRIED_AGAIN = new Set([
  'never responds',
  'closes the connection',
  'resets the connection',
  'returns 500',
  'answers 503',
  'throttles',
]);

const ALL = [...STORE_FAULTS, REFUSES];
const named = (faults: readonly StoreFault[]) => faults.map((fault) => [fault.what, fault] as const);
const QUICK = named(ALL.filter(({ isWaitedFor }) => isWaitedFor !== true));
const SLOW = named(ALL.filter(({ isWaitedFor }) => isWaitedFor === true));
const allowed = ({ id }: KeyRecord) => ({ answer: expect.objectContaining({ principalId: id }) });

/** A function in front of its own table, which can fail. */
interface Stage {
  readonly table: FunctionTable;
  readonly proxy: FaultProxy;
  readonly running: RunningFunction;
}

const stages: Stage[] = [];
afterAll(async () => {
  for (const { table, proxy, running } of stages) {
    await running.stop();
    await proxy.stop();
    await table.stop();
  }
});

async function setStage(settings: Readonly<Record<string, string>> = {}, fault?: StoreFault): Promise<Stage> {
  const table = await startFunctionTable();
  const proxy = await startFaultProxy(table.endpoint);
  if (fault !== undefined) proxy.inflict(fault);
  const stage = { table, proxy, running: await startFunction(proxy.endpoint, settings) };
  stages.push(stage);
  return stage;
}

/**
 * Runs a test for each fault. Quick faults share one stage and run in turn. Slow ones run concurrently, each on its own
 * stage.
 */
function testFaults(
  settings: Readonly<Record<string, string>>,
  run: (stage: Stage, fault: StoreFault) => Promise<void>,
  isMeant: (fault: StoreFault) => boolean = () => true,
): void {
  let shared: Stage;
  beforeAll(async () => {
    shared = await setStage(settings);
  });
  const only = (faults: typeof QUICK) => faults.filter(([, fault]) => isMeant(fault));
  test.each(only(QUICK))('%s', (_, fault) => run(shared, fault));
  test.concurrent.each(only(SLOW))('%s', async (_, fault) => run(await setStage(settings), fault));
}

async function putKey({ table }: Stage): Promise<ReturnType<typeof makeKey>> {
  const key = makeKey({ id: randomUUID() });
  await table.put(key.record);
  return key;
}

const ask = ({ invoke }: RunningFunction, { secret }: { secret: string }): Promise<Outcome | string> =>
  within(BOUND_MS, invoke(restRequestEvent(bearing(secret))));

/** Applies the fault only to reads. A refused connection affects all calls. */
const inflictOnRead = ({ proxy }: Stage, fault: StoreFault) =>
  proxy.inflict(fault, fault === REFUSES ? {} : { on: 'GetItem' });

describe('a read ends within 4 s and two attempts if DynamoDB', () => {
  testFaults(NOT_PRIMED, async (stage, fault) => {
    const { proxy, running } = stage;
    const [held, fresh] = [await putKey(stage), await putKey(stage)];
    await ask(running, held);
    inflictOnRead(stage, fault);
    const before = proxy.of('GetItem').length;
    const logged = running.output().length;
    const outcome = await ask(running, fresh);
    expect(told(outcome, fresh.record, running.output().slice(logged))).toBe(
      fault.cause === undefined ? 'allowed' : `fault ${fault.cause}`,
    );
    expect(proxy.of('GetItem').length - before).toBeLessThanOrEqual(2);
    expect(await ask(running, held)).toEqual(allowed(held.record));
    await proxy.recover();
    expect(await ask(running, fresh)).toEqual(allowed(fresh.record));
  });

  describe('reports success without a usable item', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await setStage(NOT_PRIMED);
    });

    test.each(named([...NO_ANSWERS, ...NO_ITEMS]))('%s', async (_, fault) => {
      const key = await putKey(stage);
      const { proxy, running } = stage;
      proxy.inflict(fault, { on: 'GetItem' });
      const logged = running.output().length;
      expect(told(await ask(running, key), key.record, running.output().slice(logged))).toEqual(
        fault.cause === undefined ? expect.stringMatching(/^fault ./) : `fault ${fault.cause}`,
      );
      await proxy.recover();
      expect(await ask(running, key)).toEqual(allowed(key.record));
    });
  });
});

describe('a key is allowed after one retry of its read if DynamoDB at first', () => {
  testFaults(
    NOT_PRIMED,
    async (stage, fault) => {
      const { proxy, running } = stage;
      const key = await putKey(stage);
      const before = proxy.of('GetItem').length;
      proxy.inflict(fault, { on: 'GetItem', times: 1 });
      expect(await ask(running, key)).toEqual(allowed(key.record));
      expect(proxy.of('GetItem').length - before).toBe(2);
    },
    ({ what }) => TRIED_AGAIN.has(what),
  );
});

describe('staleIfError allows only a key with a cached record if DynamoDB', () => {
  const stale = { ...NOT_PRIMED, LATCHKEY_RECORD_CACHE_SECONDS: '0', LATCHKEY_STALE_IF_ERROR_SECONDS: '60' };
  testFaults(
    stale,
    async (stage, fault) => {
      const { proxy, running } = stage;
      const [held, fresh] = [await putKey(stage), await putKey(stage)];
      await ask(running, held);
      inflictOnRead(stage, fault);
      expect(await Promise.all([ask(running, held), ask(running, fresh)])).toEqual([allowed(held.record), FAULT]);
      await proxy.recover();
      expect(await ask(running, fresh)).toEqual(allowed(fresh.record));
    },
    ({ cause }) => cause !== undefined,
  );
});

describe('a failed last-used write', () => {
  const used: (readonly [Stage, Awaited<ReturnType<typeof putKey>>])[] = [];

  describe("doesn't change the response if DynamoDB", () => {
    testFaults({ ...NOT_PRIMED, LATCHKEY_LAST_USED_SECONDS: '1' }, async (stage, fault) => {
      const { proxy, running } = stage;
      const key = await putKey(stage);
      used.push([stage, key]);
      proxy.inflict(fault, { on: 'UpdateItem' });
      const before = proxy.of('UpdateItem').length;
      const logged = running.output().length;
      const outcome = await ask(running, key);
      expect(told(outcome, key.record, running.output().slice(logged))).toBe('allowed, logged');
      // With refused connections, the proxy doesn't see any call. A call that it sees belongs to another fault.
      expect(proxy.of('UpdateItem').length - before).toBeLessThanOrEqual(fault === REFUSES ? 0 : 2);
      await proxy.recover();
    });
  });

  test('precedes a successful write by a later request', async () => {
    expect(used).toHaveLength(ALL.length);
    for (const [{ table, running }, { secret, record }] of used) {
      // On a busy machine, a write may exceed its timeout of 300 ms.
      for (let tries = 0; tries < 10 && (await table.lastUsedAt(record)) === undefined; tries++) {
        if (tries > 0) await sleepMs(1100);
        await ask(running, { secret });
      }
      expect(await table.lastUsedAt(record)).toEqual(expect.any(String));
    }
  });
});

describe("failed priming doesn't prevent the function's initialization if DynamoDB", () => {
  test.concurrent.each(named(ALL))('%s', async (_, fault) => {
    const stage = await within(START_BOUND_MS, setStage({}, fault));
    expect(typeof stage === 'string' ? stage : 'starts').toBe('starts');
    if (typeof stage === 'string') return;
    const key = await putKey(stage);
    expect(logLines(stage.running.output())).toEqual([]);
    await stage.proxy.recover();
    expect(await ask(stage.running, key)).toEqual(allowed(key.record));
  });
});

describe('an outage for half of the execution environments', () => {
  const stops: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  test.concurrent.each(named(ALL).filter(([what]) => ['never responds', 'refuses connections'].includes(what)))(
    'causes faults only in that half until it ends: DynamoDB %s',
    async (_, fault) => {
      const table = await startFunctionTable();
      const [near, far] = [await startFaultProxy(table.endpoint), await startFaultProxy(table.endpoint)];
      const whole = await Promise.all([near, near].map(({ endpoint }) => startFunction(endpoint, NOT_PRIMED)));
      const cutOff = await Promise.all([far, far].map(({ endpoint }) => startFunction(endpoint, NOT_PRIMED)));
      const environments = [...whole, ...cutOff];
      stops.push(...environments.map(({ stop }) => stop), near.stop, far.stop, table.stop);
      const [used, revoked] = [makeKey(), makeKey()];
      await table.put(used.record, revoked.record);
      const askAll = (running: readonly RunningFunction[], key: typeof used) =>
        Promise.all(running.map((environment) => ask(environment, key)));

      far.inflict(fault);
      expect(await askAll(whole, used)).toEqual([allowed(used.record), allowed(used.record)]);
      expect(await askAll(cutOff, used)).toEqual([FAULT, FAULT]);
      const { createdAt } = revoked.record;
      await table.put({ ...revoked.record, revokedAt: createdAt });
      await far.recover();
      expect(await askAll(environments, used)).toEqual(environments.map(() => allowed(used.record)));
      for (const outcome of await askAll(environments, revoked)) {
        expect(outcome).toMatchObject({ answer: { context: { errorCode: 'KEY_REVOKED' } } });
      }
    },
  );
});

describe('a key that is revoked while one execution environment cannot reach DynamoDB', () => {
  const HELD_MS = 3000;

  test.concurrent.each([
    ['the recordCacheTtl', { LATCHKEY_RECORD_CACHE_SECONDS: '3' }],
    ['the staleIfError duration', { LATCHKEY_RECORD_CACHE_SECONDS: '1', LATCHKEY_STALE_IF_ERROR_SECONDS: '3' }],
  ])('is accepted there for at most %s', async (_, settings) => {
    const stage = await setStage({ ...NOT_PRIMED, ...settings });
    const { table, proxy, running } = stage;
    const key = await putKey(stage);
    expect(await ask(running, key)).toEqual(allowed(key.record));
    const readBeforeMs = Date.now();
    proxy.inflict(REFUSES);
    await table.put({ ...key.record, revokedAt: key.record.createdAt });
    expect(await ask(running, key)).toEqual(allowed(key.record));
    const whole = await startFunction(table.endpoint, NOT_PRIMED);
    const refused = { answer: { context: { errorCode: 'KEY_REVOKED' } } };
    expect(await ask(whole, key)).toMatchObject(refused);
    await whole.stop();
    await sleepMs(readBeforeMs + HELD_MS - Date.now());
    expect(await ask(running, key)).toEqual(FAULT);
    await proxy.recover();
    expect(await ask(running, key)).toMatchObject(refused);
  });
});

/** Describes the outcome of a request, and the lines that the function logged during it. */
function told(outcome: Outcome | string, record: KeyRecord, output: string): string {
  if (typeof outcome === 'string') return outcome;
  const [line, ...others] = logLines(output);
  expect(others).toEqual([]);
  if (!('answer' in outcome)) {
    expect(outcome).toEqual(FAULT);
    expect(line).toMatchObject({ message: 'fault', code: 'STORE_UNAVAILABLE', cause: expect.any(String) });
    return `fault ${String(line?.['cause'])}`;
  }
  expect(outcome).toEqual(allowed(record));
  if (line === undefined) return 'allowed';
  const { id: keyId } = record;
  expect(line).toMatchObject({ message: 'last-used write failed', code: 'STORE_UNAVAILABLE', keyId });
  return 'allowed, logged';
}

function within<T>(boundMs: number, promise: Promise<T>): Promise<T | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, boundMs, `no answer within ${boundMs} ms`);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
