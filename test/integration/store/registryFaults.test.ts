import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import type { PreparedRotation, IssuedKey, ListPage, Rotation } from '../../../keys/registry.ts';
import { LOCAL_AWS } from '../../support/cli.ts';
import { startFaultProxy, type FaultProxy } from '../../support/faultProxy.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { makeKey } from '../../support/keys.ts';
import { NO_ANSWERS, REFUSES, STORE_FAULTS, type StoreFault } from '../../support/storeFaults.ts';

const support = (name: string) => fileURLToPath(new URL(`../../support/${name}`, import.meta.url));

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly cause: string;
}
type Reply<T> = { readonly value: T } | { readonly fault: Fault };

interface Calls {
  prepare: [args: [{ label: string }], value: IssuedKey];
  store: [args: [IssuedKey], value: null];
  issue: [args: [{ label: string }], value: IssuedKey];
  list: [args: [], value: ListPage];
  revoke: [args: [id: string], value: KeyRecord];
  prepareRotation: [args: [id: string, options: { graceSeconds: number }], value: PreparedRotation];
  storeRotation: [args: [PreparedRotation], value: Rotation];
}

let child: ChildProcess;
const replies = new Map<string, (reply: Reply<never>) => void>();
beforeAll(async () => {
  child = fork(support('registryProcess.mjs'), {
    env: { ...LOCAL_AWS, AWS_EC2_METADATA_DISABLED: 'true', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    execArgv: ['--import', pathToFileURL(support('fastClock.mjs')).href],
  });
  await new Promise<void>((ready) => {
    child.on('message', (message: { isReady: true } | ({ id: string } & Reply<never>)) => {
      if ('isReady' in message) return ready();
      replies.get(message.id)?.(message);
    });
  });
});
afterAll(async () => {
  child.kill();
  await once(child, 'close');
});

/** A call of the registry in the other process. */
function call<M extends keyof Calls>(endpoint: string, method: M, ...args: Calls[M][0]): Promise<Reply<Calls[M][1]>> {
  const id = randomUUID();
  return new Promise((resolve) => {
    replies.set(id, resolve);
    child.send({ id, endpoint, method, args });
  });
}

async function valueOf<T>(reply: Promise<Reply<T>>): Promise<T> {
  const settled = await reply;
  if ('value' in settled) return settled.value;
  throw new Error(settled.fault.message);
}

/** Runs the work with a table and a proxy in front of it. */
async function withStage(work: (table: FunctionTable, proxy: FaultProxy) => Promise<void>): Promise<void> {
  const table = await startFunctionTable();
  const proxy = await startFaultProxy(table.endpoint);
  try {
    await work(table, proxy);
  } finally {
    await proxy.stop();
    await table.stop();
  }
}

const named = (faults: readonly StoreFault[]) => faults.map((fault) => [fault.what, fault] as const);

describe('the registry throws STORE_UNAVAILABLE for each call if DynamoDB', () => {
  test.concurrent.each(named([...STORE_FAULTS, REFUSES]))('%s', async (what, fault) => {
    const isMade = fault.isRefusal !== true;
    await withStage(async (table, proxy) => {
      const prepared = await valueOf(call(proxy.endpoint, 'prepare', { label: what }));
      proxy.inflict(fault, { isDone: isMade });
      const replies = await Promise.all([
        call(proxy.endpoint, 'list'),
        call(proxy.endpoint, 'store', prepared),
        call(proxy.endpoint, 'issue', { label: 'without a holder' }),
      ]);
      expect(replies.map(describeReply)).toEqual(replies.map(() => expectedReply(fault)));
      await proxy.recover();
      await valueOf(call(proxy.endpoint, 'store', prepared));
      const items = await table.items();
      expect(items).toHaveLength(isMade ? 2 : 1);
      expect(items).toContainEqual(prepared.record);
      expect((await valueOf(call(proxy.endpoint, 'list'))).records).toEqual(items);
    });
  });
});

describe('the registry makes a repeated revocation or rotation only once if DynamoDB', () => {
  test.concurrent.each(named([...STORE_FAULTS, REFUSES]))('%s', async (_, fault) => {
    const isMade = fault.isRefusal !== true;
    await withStage(async (table, proxy) => {
      const [revoked, rotated] = [makeKey({ id: 'revoked' }).record, makeKey({ id: 'rotated' }).record];
      await table.put(revoked, rotated);
      const prepared = await valueOf(call(proxy.endpoint, 'prepareRotation', rotated.id, { graceSeconds: 60 }));
      proxy.inflict(fault, { on: 'UpdateItem', isDone: isMade });
      const replies = await Promise.all([
        call(proxy.endpoint, 'revoke', revoked.id),
        call(proxy.endpoint, 'storeRotation', prepared),
      ]);
      expect(replies.map(describeReply)).toEqual(replies.map(() => expectedReply(fault)));
      await proxy.recover();
      const again = await call(proxy.endpoint, 'revoke', revoked.id);
      expect(describeReply(again)).toMatch(isMade ? /^ALREADY_REVOKED / : /^done$/);
      expect(await valueOf(call(proxy.endpoint, 'storeRotation', prepared))).toMatchObject({ record: prepared.record });
      const items = new Map((await table.items()).map((item) => [item['id'], item]));
      expect(items.size).toBe(3);
      expect(items.get(revoked.id)).toHaveProperty('revokedAt');
      expect(items.get(rotated.id)).toMatchObject({ rotatedTo: prepared.record.id });
      expect(items.get(prepared.record.id)).toEqual(prepared.record);
    });
  });
});

describe('the registry never reports an empty table, an issued or a revoked key if DynamoDB', () => {
  test.concurrent.each(named(NO_ANSWERS))('%s', async (what, fault) => {
    await withStage(async (table, proxy) => {
      const issued = await valueOf(call(proxy.endpoint, 'prepare', { label: what }));
      const { record } = makeKey();
      await table.put(record);
      proxy.inflict(fault, { on: 'UpdateItem' });
      const revoked = await call(proxy.endpoint, 'revoke', record.id);
      proxy.inflict(fault);
      const unreadable = {
        fault: { code: 'STORE_UNAVAILABLE', message: expect.any(String), cause: 'UnreadableAnswer' },
      };
      expect(await call(proxy.endpoint, 'list')).toMatchObject(unreadable);
      expect(await call(proxy.endpoint, 'store', issued)).toMatchObject(unreadable);
      expect(revoked).toMatchObject(unreadable);
    });
  });
});

describe('the registry issues a key only once despite a retry if DynamoDB at first', () => {
  const lost = new Set([
    'never responds',
    'closes the connection',
    'resets the connection',
    'returns 500',
    'answers 503',
  ]);

  test.concurrent.each(named(STORE_FAULTS).filter(([what]) => lost.has(what)))('%s', async (what, fault) => {
    await withStage(async (table, proxy) => {
      const issued = await valueOf(call(proxy.endpoint, 'prepare', { label: what }));
      proxy.inflict(fault, { on: 'PutItem', times: 1, isDone: true });
      await valueOf(call(proxy.endpoint, 'store', issued));
      expect(proxy.of('PutItem')).toHaveLength(2);
      expect(await table.items()).toEqual([issued.record]);
    });
  });
});

/** Returns the result of `describeReply` for a call with this fault. */
function expectedReply({ cause }: StoreFault): string {
  return cause === undefined ? 'done' : `STORE_UNAVAILABLE ${cause}`;
}

/** Describes the outcome of a call: `done`, or the code and the cause of its error. */
function describeReply(reply: Reply<unknown>): string {
  if ('value' in reply) return 'done';
  const { code, cause } = reply.fault;
  return `${code} ${cause}`;
}
