import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import { DynamoDbProxy, type DynamoDbProxyOptions } from '../../support/dynamoDbProxy.ts';
import { at, makeKey, NOW_MS, timeOfDay } from '../../support/keys.ts';
import { type SessionOptions, useCli } from '../../support/useCli.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const DISABLED = { disabledAt: at(-1), disabledBy: 'bob' };
const REVOKED = { revokedAt: at(-1), revokedBy: 'bob' };

const { cli } = useCli();

/** Makes a table with one key of acme for each set of fields. Returns the ids in this order. */
async function makeKeys(...keys: readonly Partial<KeyRecord>[]) {
  const table = await cli.makeTable();
  const ids: string[] = [];
  for (const [index, fields] of keys.entries()) {
    const { record } = await cli.putKey(table, {
      label: `key ${index}`,
      owner: 'acme',
      createdAt: at(-1000 + index),
      ...fields,
    });
    ids.push(record.id);
  }
  return { table, ids };
}

const revokedIds = async (table: string) =>
  (await cli.records(table)).filter(({ revokedAt }) => revokedAt !== undefined).map(({ id }) => id);

describe('a command with several ids', () => {
  test('revoke revokes each key with its reason and prints all of them', async () => {
    const { table, ids } = await makeKeys({}, {}, {});
    const [first = '', second = ''] = ids;
    const args = ['revoke', first, second.slice(0, 8), '--yes', '--reason', 'leaked'];
    const run = await cli.run(args, { table, revocationDelaySeconds: 60 });
    expect(run).toEqual({
      exitCode: 0,
      stdout: `✓ Revoked “key 0”. ${first}
✓ Revoked “key 1”. ${second}
Revoked 2 keys. Refused everywhere by ${timeOfDay(NOW_MS + 60_000)} (within 60 s).
`,
      stderr: '',
    });
    expect((await cli.records(table)).filter(({ revokedReason }) => revokedReason === 'leaked')).toHaveLength(2);
  });

  test('prints each id on a line of its own if a terminal is too narrow for the label, too', async () => {
    const { table, ids } = await makeKeys({ label: 'a nightly build server' }, {});
    const { stdout } = await cli.run(['disable', ...ids, '--yes'], { table, isTerminal: true, columns: 60 });
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '✓ Disabled “a nightly build server”.',
      ids[0],
      `✓ Disabled “key 1”. ${ids[1]}`,
    ]);
  });

  test('prints one JSON document with the records and the skipped ids', async () => {
    const { table, ids } = await makeKeys({}, REVOKED, {});
    const { exitCode, stdout, stderr } = await cli.run(['revoke', ...ids, '--yes', '--json'], { table });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const records = await Promise.all([ids[0], ids[2]].map((id = '') => cli.record(table, id)));
    expect(JSON.parse(stdout)).toEqual({
      records: records.map(publicRecord),
      skipped: [ids[1]],
      revocationDelaySeconds: null,
    });
  });

  test('changes a key only once if two ids select it', async () => {
    const { table, ids } = await makeKeys({});
    const [id = ''] = ids;
    const { stdout } = await cli.run(['disable', id, id.slice(0, 8), '--yes', '--json'], { table });
    expect(JSON.parse(stdout)).toEqual({ records: [publicRecord(await cli.record(table, id))], skipped: [] });
    expect(await cli.record(table, id)).toMatchObject({ version: 1 });
  });

  test.each(['revoke', 'disable', 'enable'])('%s changes nothing if two ids are unusable', async (command) => {
    const { table, ids } = await makeKeys({ id: '12345678-a' }, { id: '12345678-b' }, DISABLED);
    const before = await cli.records(table);
    const run = await cli.run([command, ids[2] ?? '', '1234', UNKNOWN_ID, '--yes'], { table });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(
      new RegExp(
        `^error: no key was ${command}d: 2 of 3 ids cannot be used:\n  several keys .*1234.*\n  .*${UNKNOWN_ID}\n$`,
      ),
    );
    expect(await cli.records(table)).toEqual(before);
  });

  test('exits 2 without the key in the message if one of the ids is a key', async () => {
    const { table, ids } = await makeKeys({});
    const { secret } = makeKey();
    const run = await cli.run(['revoke', ids[0] ?? '', secret, '--yes'], { table });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: no key was revoked: 1 of 2 ids cannot be used:\n {2}id 2: expected a key's id/);
    expect(run.stderr).not.toContain(secret.slice(3, 20));
    expect(await revokedIds(table)).toEqual([]);
  });

  test.each([
    ['neither ids nor an owner', [], /got neither; see latchkey \w+ --help\n$/],
    ['ids and an owner', [UNKNOWN_ID, '--owner', 'acme'], /got both; see latchkey \w+ --help\n$/],
    ['an empty owner', ['--owner', ''], /Expected an owner/],
  ])('exits 2 for %s', async (_, args, expected) => {
    for (const command of ['revoke', 'disable', 'enable']) {
      const run = await cli.run([command, ...args, '--yes'], {});
      expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(expected) });
    }
  });

  test('enable reports a revoked key and enables the others', async () => {
    const { table, ids } = await makeKeys(DISABLED, { ...DISABLED, ...REVOKED });
    const run = await cli.run(['enable', ...ids, '--yes'], { table });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain(`✓ Enabled “key 0”. ${ids[0]}\nEnabled 1 key. `);
    expect(run.stderr).toMatch(
      /^not enabled: ([\w-]+), "key 1": key \1 was revoked already, .*\nerror: enabled 1 of 2 keys\n$/,
    );
  });

  test('revokes an unreadable key and reports it', async () => {
    const { table, ids } = await makeKeys({});
    const item = { ...makeKey({ id: randomUUID() }).record, createdAt: 'yesterday' };
    await cli.database.client.send(new PutCommand({ TableName: table, Item: item }));
    const run = await cli.run(['revoke', ids[0] ?? '', item.id, '--yes'], { table });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/^unreadable: the key is revoked, but .*createdAt\nerror: revoked 1 of 2 keys\n$/);
    expect(run.stdout).toContain(`✓ Revoked “key 0”. ${ids[0]}`);
  });
});

describe('a command with --owner', () => {
  test('revoke revokes all keys of the owner and skips those that are revoked', async () => {
    const { table, ids } = await makeKeys({}, REVOKED, { expiresAt: at(-1) }, { owner: 'other' }, DISABLED);
    const { exitCode, stdout, stderr } = await cli.run(['revoke', '--owner', 'acme', '--yes'], { table });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('\nRevoked 3 keys. Skipped 1 (revoked already). Refused once caches expire. ');
    expect(await revokedIds(table)).toEqual([0, 1, 2, 4].map((index) => ids[index]).toSorted());
  });

  test('disable skips keys that are disabled or revoked, and enable enables the disabled keys', async () => {
    const { table, ids } = await makeKeys({}, DISABLED, { ...DISABLED, ...REVOKED });
    const disabled = await cli.run(['disable', '--owner', 'acme', '--yes', '--json'], { table });
    expect(JSON.parse(disabled.stdout)).toMatchObject({ records: [{ id: ids[0] }], skipped: [ids[1], ids[2]] });
    const enabled = await cli.run(['enable', '--owner', 'acme', '--yes'], { table });
    expect(enabled).toMatchObject({ exitCode: 0, stderr: '' });
    expect(enabled.stdout).toContain(
      'Enabled 2 keys. Skipped 1 (not disabled, or revoked). Accepted once caches expire. ',
    );
  });

  test('exits 0 without a prompt if all keys are changed already', async () => {
    const { table } = await makeKeys(REVOKED, REVOKED);
    const run = await cli.run(['revoke', '--owner', 'acme'], { table, isTerminal: true, columns: 200 });
    expect(run).toEqual({ exitCode: 0, stdout: 'Revoked no keys. Skipped 2 (revoked already).\n', stderr: '' });
  });

  test('exits 1 if the owner has no keys', async () => {
    const { table } = await makeKeys({});
    const run = await cli.run(['revoke', '--owner', 'amce', '--yes'], { table });
    expect(run).toEqual({ exitCode: 1, stdout: '', stderr: 'error: there is no key of the owner "amce"\n' });
  });
});

describe('the prompt of a command for several keys', () => {
  const five = () => makeKeys({}, {}, {}, {}, {});

  test('contains the number of keys, their owner and the first labels', async () => {
    const { table } = await five();
    const run = await cli.run(['revoke', '--owner', 'acme'], { table, isTerminal: true, columns: 200, input: 'y\n' });
    expect(run.stderr).toContain(
      'Revoke 5 keys of acme ("key 0", "key 1", "key 2" and 2 more)? This cannot be undone. [y/N] ',
    );
    expect(await revokedIds(table)).toHaveLength(5);
  });

  test.each(['revoke', 'disable'])('makes %s change nothing unless you answer yes', async (command) => {
    const { table, ids } = await five();
    const before = await cli.records(table);
    const run = await cli.run([command, ...ids], { table, isTerminal: true, columns: 200, input: 'n\n' });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/\[y\/N\] Cancelled, nothing changed\.\n$/);
    expect(await cli.records(table)).toEqual(before);
  });

  test('also protects enable, which requires --yes without a terminal', async () => {
    const { table, ids } = await makeKeys(DISABLED, DISABLED);
    expect(await cli.run(['enable', ...ids], { table })).toMatchObject({ exitCode: 2, stdout: '' });
    const run = await cli.run(['enable', ...ids], { table, isTerminal: true, columns: 200, input: 'y\n' });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('Enable 2 keys ("key 0", "key 1")? They will be accepted again. [y/N] ');
  });
});

describe('a change of twelve keys', () => {
  const twelve = () => makeKeys(...Array.from({ length: 12 }, () => ({})));

  /** Revokes all keys through a proxy. */
  async function revokeThrough(
    table: string,
    options: Omit<DynamoDbProxyOptions, 'endpoint'>,
    session: SessionOptions = {},
  ) {
    const proxy = await DynamoDbProxy.start({ endpoint: cli.database.endpoint, ...options });
    const env = { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
    const run = await cli.run(['revoke', '--owner', 'acme', '--yes'], { table, env, ...session });
    await proxy.stop();
    return { ...run, proxy };
  }

  const idsIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, id = '']) => id).toSorted();

  test('has at most five writes in progress', async () => {
    const { table } = await twelve();
    let now = 0;
    let most = 0;
    const { exitCode } = await revokeThrough(table, {
      intercept: (operation) => {
        if (operation === 'UpdateItem') most = Math.max(most, ++now);
        return false;
      },
      beforeAnswer: (operation) => {
        if (operation === 'UpdateItem') now--;
      },
    });
    expect(exitCode).toBe(0);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
    expect(await revokedIds(table)).toHaveLength(12);
  });

  test('reports the keys that it changed and the others after Ctrl-C, and completes in a second run', async () => {
    const { table, ids } = await twelve();
    let interrupt = () => {};
    let writes = 0;
    const stopped = await revokeThrough(
      table,
      {
        intercept: (operation) => {
          if (operation === 'UpdateItem' && ++writes === 3) interrupt();
          return false;
        },
      },
      { onStart: (interruption) => (interrupt = () => interruption.receive('SIGINT')) },
    );
    expect(stopped.exitCode).toBe(130);
    const done = idsIn(stopped.stdout, /^✓ Revoked “key \d+”\. ([\w-]+)$/gm);
    expect(await revokedIds(table)).toEqual(done);
    expect([...done, ...idsIn(stopped.stderr, /^not revoked: ([\w-]+),/gm)].toSorted()).toEqual(ids.toSorted());
    expect(stopped.stderr).toMatch(/^stopping after the keys in progress\n/);
    expect(stopped.stderr).toContain(`error: interrupted: revoked ${done.length} of 12 keys; to complete it, run the`);

    const completed = await cli.run(['revoke', '--owner', 'acme', '--yes'], { table });
    expect(completed.exitCode).toBe(0);
    expect(completed.stdout).toContain(`Skipped ${done.length} (revoked already).`);
    expect(await revokedIds(table)).toHaveLength(12);
  });

  test('stops if the table fails, and reports the keys that it changed and the others', async () => {
    const { table, ids } = await twelve();
    let writes = 0;
    const failed = await revokeThrough(table, {
      intercept: (operation, response) => {
        if (operation !== 'UpdateItem' || ++writes <= 3) return false;
        const body = '{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","message":"no"}';
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
        return true;
      },
    });
    const done = idsIn(failed.stdout, /^✓ Revoked “key \d+”\. ([\w-]+)$/gm);
    expect(failed.exitCode).toBe(1);
    expect(done).toHaveLength(3);
    expect(await revokedIds(table)).toEqual(done);
    expect([...done, ...idsIn(failed.stderr, /^not revoked: ([\w-]+),/gm)].toSorted()).toEqual(ids.toSorted());
    expect(failed.stderr).toMatch(/error: revoked 3 of 12 keys: access to the table .*; to complete it, run the same/);
  });

  test('reports a key as perhaps revoked if the response of its write is lost', async () => {
    const { table } = await makeKeys({}, {});
    let writes = 0;
    const failed = await revokeThrough(table, {
      beforeAnswer: (operation, response) => {
        if (operation === 'UpdateItem' && ++writes > 1) response.destroy();
      },
    });
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(
      /^perhaps revoked: [\w-]+, "key \d"\nerror: revoked 1 of 2 keys: .*; to complete it,/,
    );
  });

  test('continues after a key that somebody else revoked in the meantime', async () => {
    const { table, ids } = await twelve();
    let isFirst = true;
    const run = await revokeThrough(table, {
      intercept: (operation, response) => {
        if (operation !== 'UpdateItem' || !isFirst) return false;
        isFirst = false;
        const body = '{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}';
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
        return true;
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/^not revoked: ([\w-]+), "key \d+": key \1 was changed meanwhile: try again\nerror: /);
    expect(await revokedIds(table)).toHaveLength(ids.length - 1);
  });
});
