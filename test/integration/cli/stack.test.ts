import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAwsStub, type AwsStub } from '../../support/awsStub.ts';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { useCli } from '../../support/useCli.ts';

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
  test('finds the table of a deployed stack, whatever LATCHKEY_TABLE says', async () => {
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
  ])('%s: revoke tells the delay that the stack states', async (stack, revocationDelaySeconds) => {
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
  ])('%s: show says whether the deployment refuses a key from elsewhere: %s', async (stack, isRefused) => {
    const { record } = await cli.putKey(table, { keyPrefix: 'live_abc' });
    const { stdout } = await runCli(['show', record.id, '--stack', stack], { env: environment() });
    expect(/^state: +active, but refused, .*acceptForeignKeys$/m.test(stdout)).toBe(isRefused);
  });

  test('people are told the delay of the stack', async () => {
    const { record } = await cli.putKey(table);
    const { stdout } = await runCli(['revoke', record.id, '--yes', '--stack', 'Keys'], { env: environment() });
    expect(stdout).toMatch(/up to 360 seconds/);
  });

  test.each([
    ['of a stack that is not there', 'Missing', {}, /no such stack/],
    ['of a stack without a table', 'Other', {}, /no output TableName/],
    ['where nothing answers', 'Keys', { AWS_ENDPOINT_URL_CLOUDFORMATION: NOWHERE }, /cannot be reached/],
    ['without a region', 'Keys', { AWS_REGION: '' }, /--region/],
    ['without credentials', 'Keys', { AWS_ACCESS_KEY_ID: '' }, /AWS_PROFILE/],
  ])('%s tells one line that says what to do, and exits 1', async (_, stack, env, expected) => {
    const run = await runCli(['list', '--stack', stack], { env: { ...environment(), ...env } });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: --stack ".*\n$/);
    expect(run.stderr).toMatch(expected);
  });

  test.each([
    ['AccessDenied', /permission for cloudformation:DescribeStacks/],
    ['ExpiredToken', /sign in/],
    ['Odd', /CloudFormation failed: Odd/],
  ])('an answer of %s is told without the account', async (stackError, expected) => {
    const stub = await startAwsStub({ stackError });
    const run = await runCli(['list', '--stack', 'Keys'], { env: { ...environment(), ...stub.env } });
    await stub.stop();
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(expected);
    expect(run.stderr).not.toContain('111122223333');
  });
});

describe('two ways to say which table are bad usage', () => {
  test.each([
    [['--stack', 'Keys', '--table', 'keys']],
    [['--stack', 'Keys', '--local']],
    [['--table', 'keys', '--local']],
    [['--region', 'eu-west-1', '--local']],
    [['--profile', 'ops', '--local']],
    [['--stack', '']],
    [['--region', '']],
    [['--profile', '']],
  ])('%j', async (args) => {
    const { exitCode, stdout, stderr } = await cli.run(['list', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});

describe('the account is found as the AWS CLI finds it', () => {
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

  /** Who asked CloudFormation, and for which region. */
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

  test('a profile that is not there fails with what to do', async () => {
    const run = await runCli(['list', '--table', table, '--profile', 'none'], {
      env: { ...environment(), HOME: home },
    });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*profile.*\n$/);
  });
});
