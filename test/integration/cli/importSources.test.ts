import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthenticator, createKeyRegistry, type KeyRegistry } from '../../../index.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import { LOCAL_AWS, runCli, runCliInProcess } from '../../support/cli.ts';
import { createClient } from '../../support/engine.ts';
import { EXPORTED_FAULTS, EXPORTED_KEYS, EXPORTED_SOURCES } from '../../support/exportedKeys.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { MIDDLEWARE, type MiddlewareServer } from '../../support/middlewareServers.ts';
import { tracesOf } from '../../support/traces.ts';
import { type SessionResult, useCli } from '../../support/useCli.ts';

const { cli } = useCli();

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');

describe.each(EXPORTED_SOURCES)('import of $name', ({ path, args, detected, keyOf, publicPart = '', faults }) => {
  const keys = numbers(EXPORTED_KEYS).map(keyOf);
  const all = numbers(EXPORTED_KEYS + EXPORTED_FAULTS).map(keyOf);
  let [dryRun, first, second]: SessionResult[] = [];
  let [planned, stored, again]: (readonly KeyRecord[])[] = [];

  beforeAll(async () => {
    const table = await cli.makeTable();
    dryRun = await cli.run(['import', path, ...args, '--dry-run'], { table });
    planned = await cli.records(table);
    first = await cli.run(['import', path, ...args], { table });
    stored = await cli.records(table);
    second = await cli.run(['import', path, ...args, '--json'], { table });
    again = await cli.records(table);
  });

  test('stores the 20 valid keys', () => {
    expect(first?.stdout).toMatch(/^Imported 20 keys(?: \(.*\))?(?:: .*)?\. Rejected 5 entries\.\n$/);
    expect(first?.exitCode).toBe(1);
    expect(stored?.map(({ keyHash }) => keyHash)).toEqual(expect.arrayContaining(keys.map(hashOf)));
    expect(stored).toHaveLength(EXPORTED_KEYS);
  });

  test('reports the place, the field and the expected value of each of the 5 faults', () => {
    if (detected !== undefined) expect(first?.stderr).toMatch(new RegExp(`^reading .* as ${detected} \\(`));
    for (const [place, problem] of faults) expect(first?.stderr).toContain(`\n${place}: ${problem}`);
    expect(first?.stderr).toContain('error: fix the rejected entries');
  });

  test('changes nothing when it runs again', () => {
    expect(JSON.parse(second?.stdout ?? '')).toMatchObject({ imported: [], skipped: EXPORTED_KEYS, duplicates: [] });
    expect(second?.exitCode).toBe(1);
    expect(again).toEqual(stored);
  });

  test('changes nothing with --dry-run', () => {
    expect(dryRun?.stdout).toMatch(/Would import 20 keys/);
    expect(planned).toEqual([]);
  });

  test('prints and stores no part of a key', () => {
    const outputs = [dryRun, first, second].map((run) => `${run?.stdout}${run?.stderr}`);
    const records = stored?.map((record) => ({ ...record, keyHash: undefined }));
    const secrets = [...all.map((key) => key.replace(publicPart, '')), ...all.map(hashOf)];
    expect(tracesOf(secrets, outputs.join('') + JSON.stringify(records))).toEqual([]);
  });
});

describe('keys of every source', () => {
  let gateway: Gateway;
  let registry: KeyRegistry;
  const servers: [adapter: string, server: MiddlewareServer][] = [];
  beforeAll(async () => {
    gateway = await startGateway({ acceptExternalKeys: true });
    const { endpoint, tableName } = gateway;
    registry = createKeyRegistry({ tableName, client: createClient(endpoint), actor: 'tests' });
    const authenticator = createAuthenticator({ tableName, client: createClient(endpoint), externalKeys: true });
    for (const [adapter, start] of Object.entries(MIDDLEWARE)) servers.push([adapter, await start(authenticator)]);
  });
  afterAll(async () => {
    for (const [, { stop }] of servers) await stop();
    await gateway.stop();
  });

  test.each(EXPORTED_SOURCES)(
    'are accepted by the local gateway and every adapter: $name',
    async ({ path, args, keyOf }) => {
      const { endpoint, tableName, url } = gateway;
      const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint };
      // The bundle loads the YAML library as a chunk of its own.
      const run = path.endsWith('.yaml') ? runCli : runCliInProcess;
      const { stdout } = await run(['import', path, ...args, '--table', tableName], { env });
      expect(stdout).toContain('Imported 20 keys');
      const [key, faulty] = [keyOf(1), keyOf(EXPORTED_KEYS + EXPORTED_FAULTS)];
      // The deployment denies keys on plans that it doesn't have.
      const record = await registry.find(key);
      if (record?.plan !== undefined) await registry.update(record.id, { plan: null });
      const statuses: [string, number, number][] = [];
      const send = async (each: string) => (await fetch(url, { headers: { authorization: `Bearer ${each}` } })).status;
      statuses.push(['local gateway', await send(key), await send(faulty)]);
      for (const [adapter, server] of servers) {
        const sendTo = async (each: string) =>
          (await server.send({ headers: [['Authorization', `Bearer ${each}`]] })).status;
        statuses.push([adapter, await sendTo(key), await sendTo(faulty)]);
      }
      const expected = ['local gateway', ...Object.keys(MIDDLEWARE)].map((name) => [name, 200, 403]);
      expect(statuses).toEqual(expected);
    },
  );
});
