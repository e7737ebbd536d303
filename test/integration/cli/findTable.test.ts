import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CliError, type CliErrorCode } from '../../../operator/errors.ts';
import { findTable, type Environment, type TableOptions } from '../../../operator/findTable.ts';

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

describe('a table in AWS', () => {
  test('the option comes before the environment', async () => {
    expect(await find({ table: 'given' }, { LATCHKEY_TABLE: 'set' })).toMatchObject({ tableName: 'given' });
    expect(await find({}, { LATCHKEY_TABLE: 'set' })).toEqual({ kind: 'aws', tableName: 'set', endpoint: undefined });
  });

  test('a running local gateway is not taken unless it is asked for', async () => {
    expect(await find({ table: 'given' }, {}, NOTE)).toMatchObject({ kind: 'aws', endpoint: undefined });
    expect(await codeOf(find({}, {}, NOTE))).toBe('USAGE_INVALID');
  });

  test('an empty setting counts as none', async () => {
    expect(await codeOf(find({}, { LATCHKEY_TABLE: '' }))).toBe('USAGE_INVALID');
  });

  test.each(['localhost:8000', 'http://', 'ftp://127.0.0.1', 'x'])('the endpoint %j is bad usage', async (endpoint) => {
    expect(await codeOf(find({ table: 'given' }, { AWS_ENDPOINT_URL_DYNAMODB: endpoint }))).toBe('USAGE_INVALID');
  });
});

describe('--local', () => {
  test('finds the table where the running gateway noted it, whatever LATCHKEY_TABLE says', async () => {
    expect(await find({ local: true }, { LATCHKEY_TABLE: 'production' }, NOTE)).toEqual({
      kind: 'local',
      tableName: 'noted',
      endpoint: 'http://127.0.0.1:4000',
      region: 'eu-west-1',
    });
  });

  test('takes the endpoint of the environment before the noted one', async () => {
    expect(await find({ local: true }, ENDPOINT, NOTE)).toMatchObject({
      kind: 'local',
      tableName: 'noted',
      endpoint: 'http://127.0.0.1:8000',
    });
  });

  test('with an endpoint and no note takes the name of the environment', async () => {
    expect(await find({ local: true }, { ...ENDPOINT, LATCHKEY_TABLE: 'set' })).toMatchObject({
      kind: 'local',
      tableName: 'set',
    });
    expect(await codeOf(find({ local: true }, ENDPOINT))).toBe('GATEWAY_NOT_RUNNING');
  });

  test('knows the delay that the gateway noted, and of another endpoint none', async () => {
    const note = { ...NOTE, revocationDelaySeconds: 60 };
    expect(await find({ local: true }, {}, note)).toMatchObject({ revocationDelaySeconds: 60 });
    const same = { AWS_ENDPOINT_URL_DYNAMODB: NOTE.endpoint };
    expect(await find({ local: true }, same, note)).toMatchObject({ revocationDelaySeconds: 60 });
    expect(await find({ local: true }, ENDPOINT, note)).toMatchObject({ revocationDelaySeconds: undefined });
  });

  test('a gateway that was killed is not taken for a running one', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    expect(await codeOf(find({ local: true }, {}, { ...NOTE, pid }))).toBe('GATEWAY_NOT_RUNNING');
  });

  test.each([
    ['is absent', undefined],
    ['is cut short', '{"url":'],
    ['is of another kind', 'null'],
    ['lacks its table', { ...NOTE, tableName: undefined }],
    ['has no URL for its endpoint', { ...NOTE, endpoint: 'here' }],
    ['names a group of processes', { ...NOTE, pid: -1 }],
  ])('a note that %s is as good as none', async (_, note) => {
    expect(await codeOf(find({ local: true }, {}, note))).toBe('GATEWAY_NOT_RUNNING');
  });
});
