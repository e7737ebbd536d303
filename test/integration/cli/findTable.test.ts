import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CliError, type CliErrorCode } from '../../../operator/errors.ts';
import { type Environment, type TableOptions, findTable } from '../../../operator/findTable.ts';
import { type AwsStub, startAwsStub } from '../../support/awsStub.ts';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { useCli } from '../../support/useCli.ts';

const ENDPOINT = { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' };
const NOTE = {
  url: 'http://127.0.0.1:3000',
  endpoint: 'http://127.0.0.1:4000',
  tableName: 'noted',
  region: 'eu-west-1',
  pid: process.pid,
};

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'latchkey-note-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function find(options: TableOptions, env: Environment = {}, note?: object | string) {
  const gatewayStateFile = join(directory, 'local.json');
  await rm(gatewayStateFile, { force: true });
  if (note !== undefined) await writeFile(gatewayStateFile, typeof note === 'string' ? note : JSON.stringify(note));
  return findTable(options, { env, gatewayStateFile });
}

async function codeOf(finding: Promise<unknown>): Promise<CliErrorCode | undefined> {
  return finding.then(
    () => undefined,
    (error: unknown) => (error instanceof CliError ? error.code : undefined),
  );
}

describe('findTable in AWS', () => {
  test('prefers the option to the environment', async () => {
    expect(await find({ table: 'given' }, { LATCHKEY_TABLE: 'set' })).toMatchObject({ tableName: 'given' });
    expect(await find({}, { LATCHKEY_TABLE: 'set' })).toEqual({ kind: 'aws', tableName: 'set', endpoint: undefined });
  });

  test('ignores a running local gateway without --local', async () => {
    expect(await find({ table: 'given' }, {}, NOTE)).toMatchObject({ kind: 'aws', endpoint: undefined });
    expect(await codeOf(find({}, {}, NOTE))).toBe('USAGE_INVALID');
  });

  test('treats an empty LATCHKEY_TABLE as unset', async () => {
    expect(await codeOf(find({}, { LATCHKEY_TABLE: '' }))).toBe('USAGE_INVALID');
  });

  test.each(['localhost:8000', 'http://', 'ftp://127.0.0.1', 'x'])(
    'rejects the endpoint %j as bad usage',
    async (endpoint) => {
      expect(await codeOf(find({ table: 'given' }, { AWS_ENDPOINT_URL_DYNAMODB: endpoint }))).toBe('USAGE_INVALID');
    },
  );
});

describe('findTable with --local', () => {
  test('finds the table of the running gateway, even if LATCHKEY_TABLE is set', async () => {
    expect(await find({ local: true }, { LATCHKEY_TABLE: 'production' }, NOTE)).toEqual({
      kind: 'local',
      tableName: 'noted',
      endpoint: 'http://127.0.0.1:4000',
      region: 'eu-west-1',
    });
  });

  test('prefers the endpoint of the environment to that of the gateway', async () => {
    expect(await find({ local: true }, ENDPOINT, NOTE)).toMatchObject({
      kind: 'local',
      tableName: 'noted',
      endpoint: 'http://127.0.0.1:8000',
    });
  });

  test('uses LATCHKEY_TABLE with an endpoint but no running gateway', async () => {
    expect(await find({ local: true }, { ...ENDPOINT, LATCHKEY_TABLE: 'set' })).toMatchObject({
      kind: 'local',
      tableName: 'set',
    });
    expect(await codeOf(find({ local: true }, ENDPOINT))).toBe('GATEWAY_NOT_RUNNING');
  });

  test('knows the delay of the gateway, but not of another endpoint', async () => {
    const note = { ...NOTE, revocationDelaySeconds: 60 };
    expect(await find({ local: true }, {}, note)).toMatchObject({ revocationDelaySeconds: 60 });
    const same = { AWS_ENDPOINT_URL_DYNAMODB: NOTE.endpoint };
    expect(await find({ local: true }, same, note)).toMatchObject({ revocationDelaySeconds: 60 });
    expect(await find({ local: true }, ENDPOINT, note)).toMatchObject({ revocationDelaySeconds: undefined });
  });

  test('ignores the state of a gateway that was killed', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    expect(await codeOf(find({ local: true }, {}, { ...NOTE, pid }))).toBe('GATEWAY_NOT_RUNNING');
  });

  test.each([
    ['does not exist', undefined],
    ['is incomplete', '{"url":'],
    ['is not an object', 'null'],
    ['has no table', { ...NOTE, tableName: undefined }],
    ['has an endpoint that is not a URL', { ...NOTE, endpoint: 'here' }],
    ['has the pid of a process group', { ...NOTE, pid: -1 }],
  ])('ignores a state file that %s', async (_, note) => {
    expect(await codeOf(find({ local: true }, {}, note))).toBe('GATEWAY_NOT_RUNNING');
  });
});

const NOWHERE = 'http://127.0.0.1:1';
const ARN = 'arn:aws:sts::111122223333:assumed-role/Admin/alice';

const { cli, table } = useCli();
let aws: AwsStub;
beforeAll(async () => {
  const outputs = { TableName: table, RevocationDelaySeconds: '360' };
  aws = await startAwsStub({
    arn: ARN,
    stacks: {
      Keys: outputs,
      Silent: { TableName: table },
      Own: { TableName: table, AcceptedKeys: 'sk_' },
      Any: { TableName: table, AcceptedKeys: 'any' },
      Unclear: { TableName: table, AcceptedKeys: 'some' },
      Odd: { TableName: table, RevocationDelaySeconds: 'soon' },
      Other: { Url: 'x' },
    },
  });
});
afterAll(async () => {
  await aws.stop();
});

const endpoints = () => ({ AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint, ...aws.env });
const environment = () => ({ ...LOCAL_AWS, ...endpoints() });

describe('--stack', () => {
  test('finds the table of a deployed stack, even if LATCHKEY_TABLE is set', async () => {
    const { record } = await cli.putKey(table);
    const run = await runCli(['show', record.id, '--stack', 'Keys', '--json'], {
      env: { ...environment(), LATCHKEY_TABLE: 'other' },
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout).record.id).toBe(record.id);
  });

  test.each([
    ['Keys', 360],
    ['Silent', null],
    ['Odd', null],
  ])('passes the delay of the stack %s to revoke: %s', async (stack, revocationDelaySeconds) => {
    const { record } = await cli.putKey(table);
    const run = await runCli(['revoke', record.id, '--yes', '--stack', stack, '--json'], { env: environment() });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ record: { id: record.id, revokedBy: ARN }, revocationDelaySeconds });
  });

  test.each([
    ['Own', true],
    ['Any', false],
    ['Silent', false],
    ['Unclear', false],
  ])(
    'passes the accepted keys of the stack %s to show, which reports a foreign key as refused: %s',
    async (stack, isRefused) => {
      const { record } = await cli.putKey(table, { keyPrefix: 'live_abc' });
      const { stdout } = await runCli(['show', record.id, '--stack', stack], { env: environment() });
      expect(/^state: +active, but refused, .*acceptForeignKeys$/m.test(stdout)).toBe(isRefused);
    },
  );

  test('prints the delay of the stack for people', async () => {
    const { record } = await cli.putKey(table);
    const { stdout } = await runCli(['revoke', record.id, '--yes', '--stack', 'Keys'], { env: environment() });
    expect(stdout).toMatch(/up to 360 seconds/);
  });

  test.each([
    ['for an unknown stack', 'Missing', {}, /no such stack/],
    ['for a stack without a table', 'Other', {}, /no output TableName/],
    ['if CloudFormation is unreachable', 'Keys', { AWS_ENDPOINT_URL_CLOUDFORMATION: NOWHERE }, /cannot be reached/],
    ['without a region', 'Keys', { AWS_REGION: '' }, /--region/],
    ['without credentials', 'Keys', { AWS_ACCESS_KEY_ID: '' }, /AWS_PROFILE/],
  ])('explains in one line what to do, and exits 1, %s', async (_, stack, env, expected) => {
    const run = await runCli(['list', '--stack', stack], { env: { ...environment(), ...env } });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: --stack ".*\n$/);
    expect(run.stderr).toMatch(expected);
  });

  test.each([
    ['AccessDenied', /permission for cloudformation:DescribeStacks/],
    ['ExpiredToken', /sign in/],
    ['Odd', /CloudFormation failed: Odd/],
  ])('explains a response of %s without the account id', async (stackError, expected) => {
    const stub = await startAwsStub({ stackError });
    const run = await runCli(['list', '--stack', 'Keys'], { env: { ...environment(), ...stub.env } });
    await stub.stop();
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(expected);
    expect(run.stderr).not.toContain('111122223333');
  });
});

describe('conflicting or empty table options', () => {
  test.each([
    [['--stack', 'Keys', '--table', 'keys']],
    [['--stack', 'Keys', '--local']],
    [['--table', 'keys', '--local']],
    [['--region', 'eu-west-1', '--local']],
    [['--profile', 'ops', '--local']],
    [['--stack', '']],
    [['--region', '']],
    [['--profile', '']],
  ])('are bad usage: %j', async (args) => {
    const { exitCode, stdout, stderr } = await cli.run(['list', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});

describe('the AWS account comes from the same place as for the AWS CLI:', () => {
  let home = '';
  beforeAll(async () => {
    home = join(cli.directory, 'home');
    await mkdir(join(home, '.aws'), { recursive: true });
    await writeFile(
      join(home, '.aws', 'credentials'),
      '[ops]\naws_access_key_id = OPSKEY\naws_secret_access_key = x\n[env]\naws_access_key_id = ENVKEY\naws_secret_access_key = x\n',
    );
    await writeFile(join(home, '.aws', 'config'), '[profile ops]\nregion = eu-north-1\n');
  });

  /** Returns the access key that signed the call to CloudFormation, and its region. */
  async function signedAs(args: readonly string[], env: Record<string, string>): Promise<string> {
    aws.asked.length = 0;
    await runCli(['list', '--stack', 'Missing', ...args], { env: { ...endpoints(), HOME: home, ...env } });
    const [keyId, , region] = aws.asked[0]?.credential.split('/') ?? [];
    return `${keyId} ${region}`;
  }

  test.each<[string, string[], Record<string, string>, string]>([
    ['the profile of the option, with its region', ['--profile', 'ops'], {}, 'OPSKEY eu-north-1'],
    [
      'the profile of the option before that of the environment',
      ['--profile', 'ops'],
      { AWS_PROFILE: 'env' },
      'OPSKEY eu-north-1',
    ],
    ['the profile of the option before keys of the environment', ['--profile', 'ops'], LOCAL_AWS, 'OPSKEY us-east-1'],
    ['the profile of the environment', [], { AWS_PROFILE: 'ops' }, 'OPSKEY eu-north-1'],
    [
      'the region of the option before all others',
      ['--profile', 'ops', '--region', 'eu-west-1'],
      { AWS_REGION: 'us-west-2' },
      'OPSKEY eu-west-1',
    ],
    ['AWS_REGION before AWS_DEFAULT_REGION', [], { ...LOCAL_AWS, AWS_DEFAULT_REGION: 'us-west-1' }, 'local us-east-1'],
    [
      'AWS_DEFAULT_REGION before the region of the profile',
      ['--profile', 'ops'],
      { AWS_DEFAULT_REGION: 'us-west-1' },
      'OPSKEY us-west-1',
    ],
  ])('%s', async (_, args, env, expected) => {
    expect(await signedAs(args, env)).toBe(expected);
  });

  test('list explains what to do about an unknown profile', async () => {
    const run = await runCli(['list', '--table', table, '--profile', 'none'], {
      env: { ...environment(), HOME: home },
    });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*profile.*\n$/);
  });
});
