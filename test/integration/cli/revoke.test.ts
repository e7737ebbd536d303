import { describe, expect, test } from '@jest/globals';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import { useCli } from '../../support/useCli.ts';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { at, makeKey, NOW_MS, timeOfDay } from '../../support/keys.ts';
import { tracesOf } from '../../support/traces.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

const { cli, table } = useCli();

const stored = ({ id }: KeyRecord): Promise<KeyRecord> => cli.record(table, id);

interface Session {
  /** The text typed on a terminal. An empty string is Ctrl-D. Stdin isn't a terminal if this field is absent. */
  readonly typed?: string;
  readonly stderrIsFile?: boolean;
  /** The revocation delay in the gateway's state file. */
  readonly delay?: unknown;
}

function revoke(args: readonly string[], { typed, stderrIsFile = false, delay }: Session = {}) {
  const isTerminal = typed !== undefined;
  const terminal = { isTerminal, columns: 200, isStderrFile: stderrIsFile, input: typed ?? '' };
  return cli.run(['revoke', ...args], { table, ...terminal, revocationDelaySeconds: delay });
}

describe('revoke', () => {
  test('records the local user and the reason', async () => {
    const { record } = await cli.putKey(table);
    expect(await revoke([record.id, '--yes', '--reason', 'leaked'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await stored(record)).toEqual({
      ...record,
      changedAt: at(0),
      changedBy: 'alice',
      revokedAt: at(0),
      revokedBy: 'alice',
      revokedReason: 'leaked',
      version: 1,
      purgeAfter: NOW_MS / 1000 + 90 * 86_400,
    });
  });

  test('prints when the revocation of the key takes effect', async () => {
    const { record } = await cli.putKey(table, { label: 'build "server"' });
    const { stdout } = await revoke([record.id, '--yes'], { delay: 60 });
    const by = timeOfDay(NOW_MS + 60_000);
    expect(stdout).toBe(`✓ Revoked “build "server"”. Refused everywhere by ${by} (within 60 s).\n`);
  });

  test.each([
    ['0 seconds', 0, /Refused everywhere from now on\.\n$/],
    ['1 second', 1, /by \d\d:\d\d:\d\d \(within 1 s\)\.\n$/],
    ['360 seconds', 360, /by \d\d:\d\d:\d\d \(within 360 s\)\.\n$/],
    ['unknown length if the gateway omits it', undefined, /The delay is unknown: pass --stack/],
    ['unknown length if its value is malformed', '60', /The delay is unknown: pass --stack/],
    ['unknown length if its value is negative', -1, /The delay is unknown: pass --stack/],
  ])('prints a revocation delay of %s', async (_, delay, expected) => {
    const { record } = await cli.putKey(table);
    expect((await revoke([record.id, '--yes'], { delay })).stdout).toMatch(expected);
  });

  test.each([
    [60, 60],
    [0, 0],
    [undefined, null],
  ])('prints the record with the revocation delay %p as JSON', async (delay, revocationDelaySeconds) => {
    const { record } = await cli.putKey(table, { owner: 'acme' });
    const { exitCode, stdout, stderr } = await revoke([record.id, '--yes', '--json'], { delay });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ record: publicRecord(await stored(record)), revocationDelaySeconds });
    expect(stdout).toMatch(/^.*\n$/);
  });

  test('prints a null revocation delay with --table', async () => {
    const { record } = await cli.putKey(table);
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint };
    const run = await runCli(['revoke', record.id, '--yes', '--json', '--table', table], { env });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toEqual({
      record: publicRecord(await stored(record)),
      revocationDelaySeconds: null,
    });
  });
});

describe('revoke on a terminal', () => {
  test.each(['y\n', 'Y\n', 'yes\n', ' YES \n', 'y'])(
    'revokes the key if you answer %j at the prompt',
    async (typed) => {
      const { record } = await cli.putKey(table);
      const { exitCode, stdout, stderr } = await revoke([record.id, '--json'], { typed });
      expect(exitCode).toBe(0);
      expect(stderr).toBe(`Revoke key ${record.id}, "ci"? This cannot be undone. [y/N] `);
      expect(JSON.parse(stdout).record).toMatchObject({ id: record.id, revokedAt: at(0) });
    },
  );

  test.each(['n\n', '\n', 'yep\n', 'no\ny\n', ''])(
    'leaves the key unchanged if you answer %j at the prompt',
    async (typed) => {
      const { record } = await cli.putKey(table);
      const { exitCode, stdout, stderr } = await revoke([record.id], { typed });
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toMatch(/\[y\/N\] \n?Cancelled, nothing changed\.\n$/);
      expect(await stored(record)).toEqual(record);
    },
  );

  test('skips the prompt with --yes', async () => {
    const { record } = await cli.putKey(table);
    expect(await revoke([record.id, '--yes'], { typed: 'n\n' })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('escapes a label in the prompt and in the result', async () => {
    const { record } = await cli.putKey(table, { label: '\u001b[2J\u202e\u009b1A' });
    const { stdout, stderr } = await revoke([record.id], { typed: 'y\n' });
    expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test.each([
    ['an unknown id', async () => UNKNOWN_ID, UNKNOWN_ID],
    ['a revoked key', async () => (await cli.putKey(table, { revokedAt: at(-1) })).record.id, /revoked already/],
  ])('exits 1 for %s without a prompt', async (_, idOf, expected) => {
    const { exitCode, stderr } = await revoke([await idOf()], { typed: 'y\n' });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toMatch(expected);
  });
});

describe('revoke without a terminal', () => {
  test.each<[string, Session]>([
    ['stdin is not a terminal', {}],
    ['stderr is a file', { typed: 'y\n', stderrIsFile: true }],
  ])('requires --yes if %s', async (_, session) => {
    const { record } = await cli.putKey(table);
    const { exitCode, stdout, stderr } = await revoke([record.id], session);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: .*--yes.*\n$/);
    expect(await stored(record)).toEqual(record);
  });

  test('ignores a yes from a pipe', async () => {
    const { record } = await cli.putKey(table);
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint, LATCHKEY_TABLE: table };
    const run = await runCli(['revoke', record.id], { env, stdin: 'y\n' });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await stored(record)).toEqual(record);
  });
});

describe('a failed revoke command', () => {
  test('reports an unknown id', async () => {
    const { exitCode, stdout, stderr } = await revoke([UNKNOWN_ID, '--yes', '--json']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(UNKNOWN_ID);
  });

  test('reports the user and the time of an earlier revocation', async () => {
    const { record } = await cli.putKey(table, { revokedAt: at(-1), revokedBy: 'bob' });
    const { exitCode, stdout, stderr } = await revoke([record.id, '--yes']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe(`error: key ${record.id} was revoked already, at ${at(-1)} by bob\n`);
  });

  test.each([
    ['a missing id', ['--yes']],
    ['an empty id', ['', '--yes']],
    ['an empty reason', [UNKNOWN_ID, '--yes', '--reason', '']],
    ['a reason that is too long', [UNKNOWN_ID, '--yes', '--reason', 'x'.repeat(257)]],
    ['an option of other commands', [UNKNOWN_ID, '--yes', '--label', 'x']],
  ])('exits 2 for %s', async (_, args) => {
    const { exitCode, stdout, stderr } = await revoke(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });
});

describe('the output of revoke', () => {
  test('omits the key and its hash', async () => {
    const { secret, record } = await cli.putKey(table);
    const runs = [await revoke([record.id], { typed: 'y\n', delay: 60 }), await revoke([record.id, '--yes', '--json'])];
    const { record: other, secret: otherSecret } = await cli.putKey(table);
    runs.push(await revoke([other.id, '--yes', '--json']));
    const output = JSON.stringify(runs);
    expect(tracesOf([secret, otherSecret], output)).toEqual([]);
    for (const { keyHash } of [record, other]) expect(output).not.toContain(keyHash);
  });

  test.each([
    ['an issued key', makeKey().secret],
    ['an external key', 'sk_Zm9vYmFyLWJhei1xdXV4LWZvcmVpZ24ta2V5LTEyMzQ'],
  ])('omits %s that you pass as an id', async (_, secret) => {
    for (const session of [{}, { typed: 'y\n' }]) {
      const run = await revoke([secret, ...(session.typed === undefined ? ['--yes'] : [])], session);
      expect(run).toMatchObject({ exitCode: 2, stdout: '' });
      expect(run.stderr).toMatch(/^error: .*\n$/);
      expect(run.stderr).not.toContain(secret.slice(3, 20));
    }
  });
});

test('revoke --help describes the effect on open WebSocket connections', async () => {
  const { exitCode, stdout } = await revoke(['--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/WebSocket/);
  expect(stdout).toMatch(/latchkey revoke .*--reason/);
});
