import { describe, expect, test } from '@jest/globals';
import { startAwsStub } from '../../support/awsStub.ts';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { useCli } from '../../support/useCli.ts';

const NOWHERE = 'http://127.0.0.1:1';
const ARN = 'arn:aws:iam::111122223333:user/alice';

const { cli, table } = useCli();

const environment = () => ({ ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint, LATCHKEY_TABLE: table });
const recordOf = async (id: string) => (await cli.records(table)).find((record) => record.id === id);

describe('a change is on record as made', () => {
  test("by the caller's ARN, which STS tells", async () => {
    const aws = await startAwsStub({ arn: ARN });
    const { stdout } = await runCli(['create', '--label', 'ci', '--json'], { env: { ...environment(), ...aws.env } });
    await aws.stop();
    expect(JSON.parse(stdout).record.createdBy).toBe(ARN);
    expect(aws.asked.map(({ action }) => action)).toEqual(['GetCallerIdentity']);
  });

  test('by whom --actor names, and STS is not asked', async () => {
    const env = { ...environment(), AWS_ENDPOINT_URL_STS: NOWHERE };
    const { stdout } = await runCli(['create', '--label', 'ci', '--actor', 'robot', '--json'], { env });
    expect(JSON.parse(stdout).record.createdBy).toBe('robot');
  });

  test('by the user of this machine with --local', async () => {
    const { stdout } = await cli.run(['create', '--label', 'ci', '--json'], { table });
    expect(JSON.parse(stdout).record.createdBy).toBe('alice');
  });

  test("by the user of this machine where DynamoDB is not AWS's, so that its keys are not shown to AWS", async () => {
    const { stdout } = await runCli(['create', '--label', 'ci', '--json'], { env: { ...environment(), USER: 'bob' } });
    expect(JSON.parse(stdout).record.createdBy).toBe('bob');
  });

  test.each([
    ['revoke', 'revokedBy'],
    ['disable', 'disabledBy'],
  ] as const)('%s --actor', async (command, field) => {
    const { record } = await cli.putKey(table);
    await cli.run([command, record.id, '--yes', '--actor', 'robot'], { table });
    expect((await recordOf(record.id))?.[field]).toBe('robot');
  });

  test.each([['seed'], ['rotate']])('%s --actor', async (command) => {
    const { record } = await cli.putKey(table);
    const args = command === 'seed' ? ['seed', '-'] : ['rotate', record.id, '--yes'];
    const input = `{"label":"seeded"}`;
    const { stdout } = await cli.run([...args, '--actor', 'robot', '--json'], { table, input });
    expect(stdout).toContain('"createdBy":"robot"');
  });
});

describe('where nobody tells who acts', () => {
  test.each([
    ['because STS refuses', {}, /does not know these credentials/],
    ['because STS does not answer', { AWS_ENDPOINT_URL_STS: NOWHERE }, /STS cannot be reached/],
    ['because there are no credentials', { AWS_ACCESS_KEY_ID: '' }, /no AWS credentials/],
  ])('%s, one line says to give --actor, and nothing is written', async (_, env, expected) => {
    const before = await cli.records(table);
    const aws = await startAwsStub({});
    const run = await runCli(['create', '--label', 'ci'], { env: { ...environment(), ...aws.env, ...env } });
    await aws.stop();
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*--actor\n$/);
    expect(run.stderr).toMatch(expected);
    expect(await cli.records(table)).toEqual(before);
  });

  test('what only reads works all the same, and asks nobody', async () => {
    const { record } = await cli.putKey(table);
    const aws = await startAwsStub({});
    const run = await runCli(['show', record.id], { env: { ...environment(), ...aws.env } });
    await aws.stop();
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(aws.asked).toEqual([]);
  });

  test.each(['', 'x'.repeat(257)])('an actor of %j is bad usage', async (actor) => {
    const { exitCode, stdout } = await cli.run(['create', '--label', 'ci', '--actor', actor], { table });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});
