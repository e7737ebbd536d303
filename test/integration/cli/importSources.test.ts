import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOCAL_AWS, runCliInProcess } from '../../support/cli.ts';
import { EXPORTED_FAULTS, EXPORTED_KEYS, EXPORTED_SOURCES } from '../../support/exportedKeys.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { tracesOf } from '../../support/traces.ts';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe.each(EXPORTED_SOURCES)('import of $name', ({ path, args, detected, keyOf, publicPart = '', faults }) => {
  const keys = numbers(EXPORTED_KEYS).map(keyOf);
  const all = numbers(EXPORTED_KEYS + EXPORTED_FAULTS).map(keyOf);
  const hashes = all.map((key) => createHash('sha256').update(key).digest('hex'));
  const secrets = [...all.map((key) => key.replace(publicPart, '')), ...hashes];
  const hashOf = (key: string) => hashes[all.indexOf(key)];

  test('stores 20 keys and reports the place, the field and the expected value of 5 faults', async () => {
    const table = await cli.makeTable();
    const { exitCode, stdout, stderr } = await cli.run(['import', path, ...args], { table });
    if (detected !== undefined) expect(stderr).toMatch(new RegExp(`^reading .* as ${detected} \\(`));
    for (const [place, problem] of faults) expect(stderr).toContain(`\n${place}: ${problem}`);
    expect(stderr).toContain(`error: rejected: ${EXPORTED_FAULTS}; `);
    expect(stdout).toMatch(/^Imported 20 keys(?: \(.*\))?\. Rejected 5 entries\.\n$/);
    expect(exitCode).toBe(1);
    const records = await cli.records(table);
    expect(records.map(({ keyHash }) => keyHash).toSorted()).toEqual(keys.map(hashOf).toSorted());
  });

  test('changes nothing when it is repeated', async () => {
    const table = await cli.makeTable();
    await cli.run(['import', path, ...args], { table });
    const before = await cli.records(table);
    const { exitCode, stdout } = await cli.run(['import', path, ...args], { table });
    expect(stdout).toMatch(/^Imported no keys\. Skipped 20 that are in the table\. Rejected 5 entries\.\n$/);
    expect(exitCode).toBe(1);
    expect(await cli.records(table)).toEqual(before);
  });

  test.each([[[]], [['--dry-run']], [['--json']]])('prints and stores no key or hash with %j', async (options) => {
    const table = await cli.makeTable();
    const { stdout, stderr } = await cli.run(['import', path, ...args, ...options], { table });
    expect(tracesOf(secrets, stdout + stderr)).toEqual([]);
    const stored = (await cli.records(table)).map((record) => ({ ...record, keyHash: undefined }));
    expect(tracesOf(secrets, JSON.stringify(stored))).toEqual([]);
  });
});

describe('a local gateway with external keys', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ acceptExternalKeys: true });
  });
  afterAll(() => gateway.stop());

  test.each(EXPORTED_SOURCES)('accepts a key of $name', async ({ path, args, keyOf }) => {
    const { endpoint, tableName, url } = gateway;
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint };
    const { stdout } = await runCliInProcess(['import', path, ...args, '--table', tableName], { env });
    expect(stdout).toContain('Imported 20 keys');
    const response = await fetch(url, { headers: { authorization: `Bearer ${keyOf(1)}` } });
    expect(response.status).toBe(200);
  });
});
