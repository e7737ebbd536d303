import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { hashSecret, type KeySecret } from '../../keys/secret.ts';
import { LOCAL_AWS, runCli, type CliRun } from '../support/cli.ts';
import { startFaultProxy, type FaultProxy, type InflictOptions } from '../support/faultProxy.ts';
import { startFunctionTable, type FunctionTable } from '../support/functionTable.ts';
import { makeKey } from '../support/keys.ts';
import { answersOf } from '../support/reliabilityPage.ts';
import { NO_ANSWERS, REFUSES, STORE_FAULTS, type StoreFault } from '../support/storeFaults.ts';

const FAST_CLOCK = pathToFileURL(fileURLToPath(new URL('../support/fastClock.mjs', import.meta.url))).href;
const SECRET = /sk_[0-9A-Za-z]{49}/;

/** Long enough for DynamoDB that the test need not sit it out. */
const isLong = ({ isWaitedFor, what }: StoreFault) => isWaitedFor === true || what === 'throttles';
const named = (faults: readonly StoreFault[]) => faults.map((fault) => [fault.what, fault] as const);
const these = (...names: string[]) => named(STORE_FAULTS).filter(([what]) => names.includes(what));

interface Stage {
  readonly table: FunctionTable;
  readonly run: (...args: string[]) => Promise<CliRun>;
}

/** Runs the work with a table whose DynamoDB fails so for the commands that it runs. */
async function withFault(fault: StoreFault, options: InflictOptions, work: (stage: Stage) => Promise<void>) {
  const table = await startFunctionTable();
  const proxy: FaultProxy = await startFaultProxy(table.endpoint);
  proxy.inflict(fault, options);
  const env = {
    ...LOCAL_AWS,
    USER: 'alice',
    LATCHKEY_TABLE: 'keys',
    AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
    ...(isLong(fault) ? { NODE_OPTIONS: `--import ${FAST_CLOCK}` } : {}),
  };
  try {
    await work({ table, run: (...args) => runCli(args, { env }) });
  } finally {
    await proxy.stop();
    await table.stop();
  }
}

describe('create ends, says why in a line, and tells of each key in the table, where DynamoDB', () => {
  const answers = answersOf('a command');

  test.concurrent.each(named([...STORE_FAULTS, REFUSES]))('%s', async (what, fault) => {
    await withFault(fault, { isDone: fault.isRefusal !== true }, async ({ table, run }) => {
      const { exitCode, stdout, stderr } = await run('create', '--label', 'ci', '--json');
      const [answer, why = ''] = (answers.get(what) ?? '').split(': ');
      expect(`exits ${exitCode}`).toBe(answer);
      const items = await table.items();
      expect(items).toHaveLength(fault.isRefusal === true ? 0 : 1);
      if (exitCode === 0) {
        expect(items.map(({ keyHash }) => keyHash)).toEqual([hashSecret(JSON.parse(stdout).key as KeySecret)]);
        return;
      }
      expect(stdout).toBe('');
      expect(stderr.split('\n').at(-2)).toMatch(new RegExp(`^error: .*${why}`));
      expect(stderr).not.toMatch(SECRET);
      const told = stderr.match(/the list has the id (\S+),/)?.[1];
      expect(told === undefined ? [] : [told]).toEqual(items.map(({ id }) => id));
    });
  });
});

describe('create shows the one key that is in the table, where DynamoDB at first', () => {
  test.concurrent.each(these('never answers', 'resets the connection', 'answers 500'))('%s', async (_, fault) => {
    await withFault(fault, { on: 'PutItem', times: 1, isDone: true }, async ({ table, run }) => {
      const { exitCode, stdout, stderr } = await run('create', '--label', 'ci', '--json');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const [item, ...others] = await table.items();
      expect(item?.['keyHash']).toBe(hashSecret(JSON.parse(stdout).key as KeySecret));
      expect(others).toEqual([]);
    });
  });
});

describe('rotate tells which key nobody has, where DynamoDB', () => {
  test.concurrent.each(['PutItem', 'UpdateItem'])('loses every answer to %s', async (operation) => {
    const [[, fault] = ['', REFUSES] as const] = these('resets the connection');
    await withFault(fault, { on: operation, isDone: true }, async ({ table, run }) => {
      const { record } = makeKey();
      await table.put(record);
      const { exitCode, stdout, stderr } = await run('rotate', record.id, '--yes', '--json');
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      const successor = (await table.items()).find(({ id }) => id !== record.id);
      expect(stderr).toContain(`whether key ${record.id} was rotated is not known`);
      expect(stderr).toContain(`rotate its successor ${String(successor?.['id'])} in turn`);
    });
  });
});

describe('list prints nothing and fails, where DynamoDB', () => {
  test.concurrent.each([...these('answers 500', 'answers with half of its JSON'), ...named(NO_ANSWERS).slice(3)])(
    '%s',
    async (_, fault) => {
      await withFault(fault, {}, async ({ run }) => {
        const { exitCode, stdout, stderr } = await run('list', '--json', '--all');
        expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
        expect(stderr).toMatch(/^error: .*\n$/);
      });
    },
  );
});

describe('a command waits no longer for other services of AWS that answer a byte at a time, such as', () => {
  const [[, trickle] = ['', REFUSES] as const] = these('answers a byte at a time');

  test.concurrent.each([
    ['STS', ['create', '--label', 'ci', '--table', 'keys'], 'AWS STS cannot be reached'],
    ['CloudFormation', ['list', '--stack', 'LatchkeyStack'], 'CloudFormation cannot be reached'],
  ])('%s', async (service, args, why) => {
    const proxy = await startFaultProxy('http://127.0.0.1:1');
    proxy.inflict(trickle);
    const env = {
      ...LOCAL_AWS,
      NODE_OPTIONS: `--import ${FAST_CLOCK}`,
      [`AWS_ENDPOINT_URL_${service.toUpperCase()}`]: proxy.endpoint,
    };
    const { exitCode, stderr } = await runCli(args, { env });
    await proxy.stop();
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(why) });
  });
});
