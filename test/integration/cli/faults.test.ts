import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { LOCAL_AWS, runCli, type CliRun } from '../../support/cli.ts';
import { startFaultProxy, type FaultProxy, type InflictOptions } from '../../support/faultProxy.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { makeKey } from '../../support/keys.ts';
import { NO_ANSWERS, REFUSES, STORE_FAULTS, type StoreFault } from '../../support/storeFaults.ts';

const FAST_CLOCK = pathToFileURL(fileURLToPath(new URL('../../support/fastClock.mjs', import.meta.url))).href;
const SECRET = /sk_[0-9A-Za-z]{49}/;

/** Returns whether the fault lasts so long that the test needs a fast clock. */
const isLong = ({ isWaitedFor, what }: StoreFault) => isWaitedFor === true || what === 'throttles';
const named = (faults: readonly StoreFault[]) => faults.map((fault) => [fault.what, fault] as const);
const these = (...names: string[]) => named(STORE_FAULTS).filter(([what]) => names.includes(what));

interface Stage {
  readonly table: FunctionTable;
  /** Makes DynamoDB respond normally again. */
  readonly recover: () => Promise<void>;
  readonly run: (...args: string[]) => Promise<CliRun>;
}

/** Runs the work with a table behind a proxy that injects the fault. */
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
    await work({ table, recover: proxy.recover, run: (...args) => runCli(args, { env }) });
  } finally {
    await proxy.stop();
    await table.stop();
  }
}

describe('create shows each key that it stored or reports its id if DynamoDB', () => {
  test.concurrent.each(named([...STORE_FAULTS, REFUSES]))('%s', async (_, fault) => {
    await withFault(fault, { isDone: fault.isRefusal !== true }, async ({ table, run }) => {
      const { exitCode, stdout, stderr } = await run('create', '--label', 'ci', '--json');
      expect(exitCode).toBe(fault.cause === undefined ? 0 : 1);
      const items = await table.items();
      expect(items).toHaveLength(fault.isRefusal === true ? 0 : 1);
      if (exitCode === 0) {
        expect(items.map(({ keyHash }) => keyHash)).toEqual([hashSecret(JSON.parse(stdout).key as KeySecret)]);
        return;
      }
      expect(stdout).toBe('');
      expect(stderr.split('\n').at(-2)).toMatch(new RegExp(`^error: .*${fault.message}`));
      expect(stderr).not.toMatch(SECRET);
      const lost = stderr.match(/the list has the id (\S+),/)?.[1];
      expect(lost === undefined ? [] : [lost]).toEqual(items.map(({ id }) => id));
    });
  });
});

describe('create stores and shows exactly one key if DynamoDB at first', () => {
  test.concurrent.each(these('never responds', 'resets the connection', 'returns 500'))('%s', async (_, fault) => {
    await withFault(fault, { on: 'PutItem', times: 1, isDone: true }, async ({ table, run }) => {
      const { exitCode, stdout, stderr } = await run('create', '--label', 'ci', '--json');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const [item, ...others] = await table.items();
      expect(item?.['keyHash']).toBe(hashSecret(JSON.parse(stdout).key as KeySecret));
      expect(others).toEqual([]);
    });
  });
});

describe('rotate reports the id of the successor that it cannot show if DynamoDB', () => {
  test.concurrent.each(['PutItem', 'UpdateItem'])('drops the connection after each %s', async (operation) => {
    const [[, fault] = ['', REFUSES] as const] = these('resets the connection');
    await withFault(fault, { on: operation, isDone: true }, async ({ table, run }) => {
      const { record } = makeKey();
      await table.put(record);
      const { exitCode, stdout, stderr } = await run('rotate', record.id, '--yes', '--json');
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      const successor = (await table.items()).find(({ id }) => id !== record.id);
      expect(stderr).toContain(`key ${record.id} may have been rotated`);
      expect(stderr).toContain(`rotate the successor ${String(successor?.['id'])} in turn`);
    });
  });
});

describe('revoke prints its error in one line if DynamoDB', () => {
  test.concurrent.each(named([...STORE_FAULTS, REFUSES]))('%s', async (_, fault) => {
    const isMade = fault.isRefusal !== true;
    await withFault(fault, { on: 'UpdateItem', isDone: isMade }, async ({ table, run, recover }) => {
      const { record } = makeKey();
      await table.put(record);
      const { exitCode, stdout, stderr } = await run('revoke', record.id, '--yes', '--json');
      expect(exitCode).toBe(fault.cause === undefined ? 0 : 1);
      if (exitCode !== 0) {
        expect(stdout).toBe('');
        const said = fault.message?.replace('the write', 'the revocation');
        expect(stderr.split('\n').at(-2)).toMatch(new RegExp(`^error: .*${said}`));
      }
      expect(await table.items()).toMatchObject([isMade ? { revokedBy: 'alice' } : record]);
      await recover();
      const again = await run('revoke', record.id, '--yes');
      expect(again.exitCode).toBe(isMade ? 1 : 0);
      if (isMade) expect(again.stderr).toContain('was revoked already');
      expect(await table.items()).toMatchObject([{ revokedBy: 'alice' }]);
    });
  });
});

describe('a lost response', () => {
  test.concurrent.each([
    ['update', ['update', '--owner', 'acme'], { owner: 'acme' }],
    ['disable', ['disable', '--yes'], { disabledBy: 'alice' }],
  ] as const)('makes %s exit 1 although DynamoDB stored the change', async (_, [command, ...options], changed) => {
    const [[, fault] = ['', REFUSES] as const] = these('resets the connection');
    await withFault(fault, { on: 'UpdateItem', isDone: true }, async ({ table, run }) => {
      const { record } = makeKey();
      await table.put(record);
      const { exitCode, stdout, stderr } = await run(command, record.id, ...options, '--json');
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toMatch(/^error: .*\n$/);
      expect(await table.items()).toMatchObject([changed]);
    });
  });
});

describe('a second run after the first run lost every response', () => {
  const [[, fault] = ['', REFUSES] as const] = these('resets the connection');
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'latchkey-faults-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('completes an import without duplicates', async () => {
    await withFault(fault, { on: 'PutItem', isDone: true }, async ({ table, run, recover }) => {
      const keys = [makeKey({ id: 'one' }), makeKey({ id: 'two' }), makeKey({ id: 'three' })];
      const file = join(directory, 'keys.jsonl');
      await writeFile(
        file,
        keys.map(({ record: { keyHash, id } }) => JSON.stringify({ keyHash, id, label: id })).join('\n'),
      );
      const stderr = expect.stringMatching(/^reading .*\nerror: .*\n$/);
      expect(await run('import', file)).toMatchObject({ exitCode: 1, stderr });
      await recover();
      expect(await run('import', file)).toMatchObject({ exitCode: 0 });
      expect((await table.items()).map(({ id }) => id).toSorted()).toEqual(['one', 'three', 'two']);
    });
  });

  test('completes a seed file without duplicates', async () => {
    await withFault(fault, { on: 'PutItem', isDone: true }, async ({ table, run, recover }) => {
      const [file, out] = [join(directory, 'seed.json'), join(directory, 'made.jsonl')];
      await writeFile(file, JSON.stringify([{ label: 'one' }, { label: 'two' }]));
      expect(await run('seed', file, '--out', out)).toMatchObject({ exitCode: 1 });
      await recover();
      expect(await run('seed', file, '--out', out, '--skip-existing')).toMatchObject({ exitCode: 0 });
      const made = (await readFile(out, 'utf8')).trim().split('\n');
      const hashes = made.map((line) => hashSecret(JSON.parse(line).key as KeySecret));
      const items = await table.items();
      expect(items.map(({ label }) => label).toSorted()).toEqual(['one', 'two']);
      expect(hashes.toSorted()).toEqual(items.map(({ keyHash }) => keyHash).toSorted());
    });
  });
});

describe('list --json exits 1 with an empty stdout if DynamoDB', () => {
  test.concurrent.each([...these('returns 500', 'returns half of its JSON'), ...named(NO_ANSWERS).slice(3)])(
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

describe('a command', () => {
  const [[, trickle] = ['', REFUSES] as const] = these('answers a byte at a time');

  test.concurrent.each([
    ['STS', ['create', '--label', 'ci', '--table', 'keys'], 'AWS STS in Region us-east-1 cannot be reached'],
    ['CloudFormation', ['list', '--stack', 'LatchkeyStack'], 'CloudFormation in Region us-east-1 cannot be reached'],
  ])('times out if %s responds one byte at a time', async (service, args, why) => {
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
