import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CliError, type CliErrorCode } from '../../../operator/errors.ts';
import { type Environment, type TableOptions, findTable } from '../../../operator/findTable.ts';
import { ACCOUNT_ID, type AwsStub, startAwsStub } from '../../support/awsStub.ts';
import { LOCAL_AWS, runCli, runCliInProcess } from '../../support/cli.ts';
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
  test('prefers --table to LATCHKEY_TABLE', async () => {
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
    'throws USAGE_INVALID for the endpoint %j',
    async (endpoint) => {
      expect(await codeOf(find({ table: 'given' }, { AWS_ENDPOINT_URL_DYNAMODB: endpoint }))).toBe('USAGE_INVALID');
    },
  );
});

describe('findTable with --local', () => {
  test('returns the table of the running gateway even if LATCHKEY_TABLE is set', async () => {
    expect(await find({ local: true }, { LATCHKEY_TABLE: 'production' }, NOTE)).toEqual({
      kind: 'local',
      tableName: 'noted',
      endpoint: 'http://127.0.0.1:4000',
      region: 'eu-west-1',
      apiUrl: 'http://127.0.0.1:3000/rest/whoami',
    });
  });

  test('prefers AWS_ENDPOINT_URL_DYNAMODB to the endpoint of the gateway', async () => {
    expect(await find({ local: true }, ENDPOINT, NOTE)).toMatchObject({
      kind: 'local',
      tableName: 'noted',
      endpoint: 'http://127.0.0.1:8000',
    });
  });

  test('uses LATCHKEY_TABLE if an endpoint is set without a running gateway', async () => {
    expect(await find({ local: true }, { ...ENDPOINT, LATCHKEY_TABLE: 'set' })).toMatchObject({
      kind: 'local',
      tableName: 'set',
    });
    expect(await codeOf(find({ local: true }, ENDPOINT))).toBe('GATEWAY_NOT_RUNNING');
  });

  test("returns the revocation delay only if the endpoint is the gateway's", async () => {
    const note = { ...NOTE, revocationDelaySeconds: 60 };
    expect(await find({ local: true }, {}, note)).toMatchObject({ revocationDelaySeconds: 60 });
    const same = { AWS_ENDPOINT_URL_DYNAMODB: NOTE.endpoint };
    expect(await find({ local: true }, same, note)).toMatchObject({ revocationDelaySeconds: 60 });
    expect(await find({ local: true }, ENDPOINT, note)).toMatchObject({ revocationDelaySeconds: undefined });
  });

  test('ignores the state file of a killed gateway', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    expect(await codeOf(find({ local: true }, {}, { ...NOTE, pid }))).toBe('GATEWAY_NOT_RUNNING');
  });

  test.each([
    ['does not exist', undefined],
    ['is incomplete', '{"url":'],
    ['is not an object', 'null'],
    ['lacks a table name', { ...NOTE, tableName: undefined }],
    ['contains an endpoint that is not a URL', { ...NOTE, endpoint: 'here' }],
    ['contains the pid of a process group', { ...NOTE, pid: -1 }],
  ])('ignores a state file that %s', async (_, note) => {
    expect(await codeOf(find({ local: true }, {}, note))).toBe('GATEWAY_NOT_RUNNING');
  });
});

const PLANS = {
  free: { enforce: 'authorizer', per: 'owner', quota: { limit: 1000, period: 'day' } },
  pro: { enforce: 'gateway', per: 'key', throttle: { rateLimit: 5, burstLimit: 10 } },
};

describe('findTable', () => {
  test('finds the tables of limits, usage and history in the environment variables without --stack and --local', async () => {
    const env = {
      LATCHKEY_TABLE: 'keys',
      LATCHKEY_LIMITS_TABLE: 'limits',
      LATCHKEY_USAGE_TABLE: 'usage',
      LATCHKEY_HISTORY_TABLE: 'history',
    };
    const expected = { limitsTableName: 'limits', usageTableName: 'usage', historyTableName: 'history' };
    expect(await find({}, env)).toMatchObject(expected);
    expect(await find({ table: 'given' }, env)).toMatchObject({ tableName: 'given', ...expected });
    expect(await find({}, { ...env, LATCHKEY_LIMITS_TABLE: '' })).toMatchObject({ limitsTableName: undefined });
  });

  test('prefers --limits-table, --usage-table and --history-table to the variables and the state file', async () => {
    const env = {
      LATCHKEY_TABLE: 'keys',
      LATCHKEY_LIMITS_TABLE: 'set',
      LATCHKEY_USAGE_TABLE: 'set',
      LATCHKEY_HISTORY_TABLE: 'set',
    };
    const given = { limitsTable: 'limits', usageTable: 'usage', historyTable: 'history' };
    const expected = { limitsTableName: 'limits', usageTableName: 'usage', historyTableName: 'history' };
    expect(await find(given, env)).toMatchObject(expected);
    expect(await find({ local: true, ...given }, env, { ...NOTE, limitsTableName: 'noted' })).toMatchObject(expected);
  });

  test("finds the tables of limits and usage with --local only in the gateway's state file", async () => {
    const state = { limitsTableName: 'limits', usageTableName: 'usage', plans: PLANS };
    const env = { LATCHKEY_LIMITS_TABLE: 'set', LATCHKEY_USAGE_TABLE: 'set' };
    expect(await find({ local: true }, env, { ...NOTE, ...state })).toMatchObject(state);
    expect(await find({ local: true }, env, NOTE)).not.toHaveProperty('limitsTableName');
  });

  test.each(['{"free":{"per":"nobody"}}', '{"a b":{"per":"key"}}', '[]', 'null'])(
    'ignores the invalid plans %s in the state file',
    async (plans) => {
      const location = await find({ local: true }, {}, { ...NOTE, plans: JSON.parse(plans) });
      expect(location.plans).toBeUndefined();
    },
  );

  test.each([
    [
      {
        LimitsTableName: 'limits',
        UsageTableName: 'usage',
        HistoryTableName: 'history',
        Plans: JSON.stringify(PLANS).replaceAll('"', '&quot;'),
      },
      { limitsTableName: 'limits', usageTableName: 'usage', historyTableName: 'history', plans: PLANS },
    ],
    [{ Plans: '{' }, { limitsTableName: undefined, usageTableName: undefined, plans: undefined }],
  ])('finds the tables of limits, usage and history only in the outputs of the stack %j', async (outputs, expected) => {
    const stub = await startAwsStub({ stacks: { Keys: { TableName: table, ...outputs } as Record<string, string> } });
    const processEnv = process.env;
    process.env = { ...LOCAL_AWS, ...stub.env, LATCHKEY_LIMITS_TABLE: 'set' };
    try {
      const location = await findTable({ stack: 'Keys' }, { env: process.env, gatewayStateFile: undefined });
      expect(location).toMatchObject(expected);
    } finally {
      process.env = processEnv;
      await stub.stop();
    }
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

describe('a command with --stack', () => {
  test('uses the table of the stack even if LATCHKEY_TABLE is set', async () => {
    const { record } = await cli.putKey(table);
    const run = await runCliInProcess(['show', record.id, '--stack', 'Keys', '--json'], {
      env: { ...environment(), LATCHKEY_TABLE: 'other' },
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout).record.id).toBe(record.id);
  });

  test.each([
    ['Keys', 360],
    ['Silent', null],
    ['Odd', null],
  ])('uses the outputs of the stack %s to print the revocation delay %s', async (stack, revocationDelaySeconds) => {
    const { record } = await cli.putKey(table);
    const run = await runCliInProcess(['revoke', record.id, '--yes', '--stack', stack, '--json'], {
      env: environment(),
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ record: { id: record.id, revokedBy: ARN }, revocationDelaySeconds });
  });

  test.each([
    [{ RestApiUrl: 'https://a.execute-api.us-east-1.amazonaws.com/prod/whoami' }, /\/prod\/whoami$/],
    [{ HttpApiUrl: 'https://b.execute-api.us-east-1.amazonaws.com/whoami' }, /^https:\/\/b\./],
    [{ RestApiUrl: 'https://x/$(id)' }, undefined],
    [{}, undefined],
  ])('finds the account of the stack and the API in its outputs %j', async (urls, apiUrl) => {
    const stub = await startAwsStub({ stacks: { Keys: { TableName: table, ...urls } as Record<string, string> } });
    const processEnv = process.env;
    process.env = { ...LOCAL_AWS, ...stub.env };
    try {
      const location = await findTable({ stack: 'Keys' }, { env: process.env, gatewayStateFile: undefined });
      expect(location).toMatchObject({ stackName: 'Keys', accountId: ACCOUNT_ID });
      expect(location.apiUrl).toEqual(apiUrl === undefined ? undefined : expect.stringMatching(apiUrl));
    } finally {
      process.env = processEnv;
      await stub.stop();
    }
  });

  const REFUSED = /^state: +active, but refused: .*externalKeys/m;

  async function showExternalKey(stack: string): Promise<string> {
    const { record } = await cli.putKey(table, { keyPrefix: 'live_abc' });
    const { stdout } = await runCliInProcess(['show', record.id, '--stack', stack], { env: environment() });
    return stdout;
  }

  test('shows an external key as refused if the stack accepts only its own prefix', async () => {
    expect(await showExternalKey('Own')).toMatch(REFUSED);
  });

  test.each(['Any', 'Silent', 'Unclear'])("doesn't show an external key as refused for the stack %s", async (stack) => {
    expect(await showExternalKey(stack)).not.toMatch(REFUSED);
  });

  test('prints the revocation delay of the stack in its notice', async () => {
    const { record } = await cli.putKey(table);
    const { stdout } = await runCliInProcess(['revoke', record.id, '--yes', '--stack', 'Keys'], { env: environment() });
    expect(stdout).toMatch(/within 360 s/);
  });

  test.each([
    ['the stack is unknown', 'Missing', {}, /no such stack/],
    ['the stack lacks a table', 'Other', {}, /no output TableName/],
    ['CloudFormation is unreachable', 'Keys', { AWS_ENDPOINT_URL_CLOUDFORMATION: NOWHERE }, /cannot be reached/],
    ['the region is missing', 'Keys', { AWS_REGION: '' }, /--region/],
    ['credentials are missing', 'Keys', { AWS_ACCESS_KEY_ID: '' }, /AWS_PROFILE/],
  ])('exits 1 with a remedy in one line if %s', async (_, stack, env, expected) => {
    // Runs a separate process, because network errors in Jest's process aren't instances of Jest's `Error` class.
    const run = await runCli(['list', '--stack', stack], { env: { ...environment(), ...env } });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: --stack ".*\n$/);
    expect(run.stderr).toMatch(expected);
  });

  test.each([
    ['AccessDenied', /permission for cloudformation:DescribeStacks/],
    ['ExpiredToken', /sign in/],
    ['Odd', /CloudFormation failed: Odd/],
  ])('explains the CloudFormation error %s without the account id', async (stackError, expected) => {
    const stub = await startAwsStub({ stackError });
    const run = await runCliInProcess(['list', '--stack', 'Keys'], { env: { ...environment(), ...stub.env } });
    await stub.stop();
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(expected);
    expect(run.stderr).not.toContain('111122223333');
  });
});

describe('a command with conflicting or empty table options', () => {
  test.each([
    [['--stack', 'Keys', '--table', 'keys']],
    [['--stack', 'Keys', '--local']],
    [['--table', 'keys', '--local']],
    [['--region', 'eu-west-1', '--local']],
    [['--profile', 'ops', '--local']],
    [['--stack', '']],
    [['--region', '']],
    [['--profile', '']],
  ])('exits 2: %j', async (args) => {
    const { exitCode, stdout, stderr } = await cli.run(['list', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});

describe('a command that calls AWS', () => {
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
    await runCliInProcess(['list', '--stack', 'Missing', ...args], { env: { ...endpoints(), HOME: home, ...env } });
    const [keyId, , region] = aws.asked[0]?.credential.split('/') ?? [];
    return `${keyId} ${region}`;
  }

  test.each<[string, string[], Record<string, string>, string]>([
    ['uses the profile in --profile', ['--profile', 'ops'], {}, 'OPSKEY eu-north-1'],
    ['prefers --profile to AWS_PROFILE', ['--profile', 'ops'], { AWS_PROFILE: 'env' }, 'OPSKEY eu-north-1'],
    ['prefers --profile to AWS_ACCESS_KEY_ID', ['--profile', 'ops'], LOCAL_AWS, 'OPSKEY us-east-1'],
    ['uses the profile in AWS_PROFILE without --profile', [], { AWS_PROFILE: 'ops' }, 'OPSKEY eu-north-1'],
    [
      'prefers --region to AWS_REGION',
      ['--profile', 'ops', '--region', 'eu-west-1'],
      { AWS_REGION: 'us-west-2' },
      'OPSKEY eu-west-1',
    ],
    [
      'prefers AWS_REGION to AWS_DEFAULT_REGION',
      [],
      { ...LOCAL_AWS, AWS_DEFAULT_REGION: 'us-west-1' },
      'local us-east-1',
    ],
    [
      'prefers AWS_DEFAULT_REGION to the region of the profile',
      ['--profile', 'ops'],
      { AWS_DEFAULT_REGION: 'us-west-1' },
      'OPSKEY us-west-1',
    ],
  ])('%s', async (_, args, env, expected) => {
    expect(await signedAs(args, env)).toBe(expected);
  });

  test('lists the profiles of this machine if the profile is unknown', async () => {
    const run = await runCliInProcess(['list', '--table', table, '--profile', 'none'], {
      env: { ...environment(), HOME: home },
    });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toBe('error: --profile: there is no profile "none": this machine has ops, env\n');
  });
});
