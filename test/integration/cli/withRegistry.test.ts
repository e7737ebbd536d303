import { describe, expect, test } from '@jest/globals';
import { startAwsStub } from '../../support/awsStub.ts';
import { LOCAL_AWS, runCli, runCliInProcess } from '../../support/cli.ts';
import { useCli } from '../../support/useCli.ts';

const NOWHERE = 'http://127.0.0.1:1';
const ARN = 'arn:aws:iam::111122223333:user/alice';

const { cli, table } = useCli();

const environment = () => ({ ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint, LATCHKEY_TABLE: table });
const recordOf = async (id: string) => (await cli.records(table)).find((record) => record.id === id);

describe('the recorded actor of a change', () => {
  test("comes from STS as the caller's ARN", async () => {
    const aws = await startAwsStub({ arn: ARN });
    const { stdout } = await runCliInProcess(['create', '--label', 'ci', '--json'], {
      env: { ...environment(), ...aws.env },
    });
    await aws.stop();
    expect(JSON.parse(stdout).record.createdBy).toBe(ARN);
    expect(aws.asked.map(({ action }) => action)).toEqual(['GetCallerIdentity']);
  });

  test('comes from --actor without a call to STS', async () => {
    const env = { ...environment(), AWS_ENDPOINT_URL_STS: NOWHERE };
    const { stdout } = await runCliInProcess(['create', '--label', 'ci', '--actor', 'robot', '--json'], { env });
    expect(JSON.parse(stdout).record.createdBy).toBe('robot');
  });

  test('equals the local user name with --local', async () => {
    const { stdout } = await cli.run(['create', '--label', 'ci', '--json'], { table });
    expect(JSON.parse(stdout).record.createdBy).toBe('alice');
  });

  test('equals the local user name if DynamoDB is an emulator', async () => {
    const { stdout } = await runCliInProcess(['create', '--label', 'ci', '--json'], {
      env: { ...environment(), USER: 'bob' },
    });
    expect(JSON.parse(stdout).record.createdBy).toBe('bob');
  });

  test.each([
    ['revoke', 'revokedBy'],
    ['disable', 'disabledBy'],
  ] as const)('%s stores the name in --actor as %s', async (command, field) => {
    const { record } = await cli.putKey(table);
    await cli.run([command, record.id, '--yes', '--actor', 'robot'], { table });
    expect((await recordOf(record.id))?.[field]).toBe('robot');
  });

  test.each([['seed'], ['rotate']])('%s stores the name in --actor as createdBy', async (command) => {
    const { record } = await cli.putKey(table);
    const args = command === 'seed' ? ['seed', '-'] : ['rotate', record.id, '--yes'];
    const input = `{"label":"seeded"}`;
    const { stdout } = await cli.run([...args, '--actor', 'robot', '--json'], { table, input });
    expect(stdout).toContain('"createdBy":"robot"');
  });
});

describe('a command without a known actor', () => {
  test.each([
    ['STS rejects the call', {}, /does not know these credentials/],
    ['STS is unreachable', { AWS_ENDPOINT_URL_STS: NOWHERE }, /STS in Region us-east-1 cannot be reached/],
    ['credentials are missing', { AWS_ACCESS_KEY_ID: '' }, /no AWS credentials/],
  ])('exits 1 with the suggestion --actor if %s', async (_, env, expected) => {
    const before = await cli.records(table);
    const aws = await startAwsStub({});
    const run = await runCli(['create', '--label', 'ci'], { env: { ...environment(), ...aws.env, ...env } });
    await aws.stop();
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*--actor\n$/);
    expect(run.stderr).toMatch(expected);
    expect(await cli.records(table)).toEqual(before);
  });

  test('does not call STS if it only reads keys', async () => {
    const { record } = await cli.putKey(table);
    const aws = await startAwsStub({});
    const run = await runCliInProcess(['show', record.id], { env: { ...environment(), ...aws.env } });
    await aws.stop();
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(aws.asked).toEqual([]);
  });

  test.each(['', 'x'.repeat(257)])('exits 2 if --actor is %j', async (actor) => {
    const { exitCode, stdout } = await cli.run(['create', '--label', 'ci', '--actor', actor], { table });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});
