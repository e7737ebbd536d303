import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Interruption } from '../../../cli/signals.ts';
import { LocalCli, type SessionResult } from '../../support/localCli.ts';

let cli: LocalCli;
let table = '';
beforeAll(async () => {
  cli = await LocalCli.start();
  table = await cli.makeTable();
});
afterAll(() => cli.stop());

interface Started {
  /** As a browser was told it; with `--no-open` there is none. */
  readonly url: string;
  readonly stop: () => Promise<SessionResult>;
}

/** Starts a console, and waits until a browser is told of it. */
function start(args: readonly string[] = []): Promise<Started> {
  return new Promise((resolve, reject) => {
    let interruption: Interruption | undefined;
    const ended = cli.run(['console', ...args], {
      table,
      opened: (url) => resolve({ url, stop }),
      onStart: (interrupted) => (interruption = interrupted),
    });
    const stop = () => {
      interruption?.receive('SIGINT');
      return ended;
    };
    ended.then(({ stderr }) => reject(new Error(`it ended\n${stderr}`)), reject);
  });
}

interface Answer {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** A request of the page's. */
async function ask(url: string, path: string, { cookie, body }: { cookie: string; body?: string }): Promise<Answer> {
  const headers = { cookie, origin: new URL(url).origin, 'content-type': 'application/json' };
  const answer = await fetch(new URL(path, url), body === undefined ? { headers } : { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.json() };
}

/** The cookie that the address is exchanged for. */
async function open(url: string): Promise<string> {
  const { headers } = await fetch(url, { redirect: 'manual' });
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

test('the address is printed and opened, serves the table, and Ctrl-C ends it with 130', async () => {
  const { record } = await cli.putKey(table);
  const { url, stop } = await start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/start\?token=[\w-]{43}$/);
  const cookie = await open(url);
  expect(await ask(url, '/api/keys', { cookie })).toMatchObject({
    status: 200,
    body: { records: [{ id: record.id }] },
  });
  expect(await ask(url, '/api/session', { cookie })).toMatchObject({
    body: { actor: 'alice', isReadOnly: false, table: { name: table, kind: 'local' } },
  });
  const { exitCode, stdout, stderr } = await stop();
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: `console: ${url}\n\nCtrl-C stops it.\n` });
  expect(stderr).toBe('stopping\nerror: the console was stopped\n');
  await expect(fetch(url)).rejects.toThrow();
});

test('what is changed is on record for --actor', async () => {
  const { url, stop } = await start(['--actor', 'bob', '--key-prefix', 'live_']);
  const { body } = await ask(url, '/api/keys', { cookie: await open(url), body: '{"label":"x"}' });
  expect(body.key).toMatch(/^live_/);
  expect(await cli.record(table, body.record.id)).toMatchObject({ createdBy: 'bob', label: 'x' });
  await stop();
});

test('keys whose issue is under way at Ctrl-C are answered: none is in the table that nobody has seen', async () => {
  const { url, stop } = await start();
  const cookie = await open(url);
  const asked = Array.from({ length: 20 }, () =>
    ask(url, '/api/keys', { cookie, body: '{"label":"late"}' }).catch(() => undefined),
  );
  await Promise.race(asked);
  await stop();
  const shown = (await Promise.all(asked)).flatMap((answer) => answer?.body.record.id ?? []);
  const stored = (await cli.records(table)).filter(({ label }) => label === 'late');
  expect(shown.toSorted()).toEqual(stored.map(({ id }) => id));
  expect(shown.length).toBeGreaterThan(0);
});

test('--read-only refuses changes', async () => {
  const { url, stop } = await start(['--read-only']);
  const cookie = await open(url);
  expect(await ask(url, '/api/keys', { cookie, body: '{"label":"x"}' })).toMatchObject({ status: 403 });
  expect(await ask(url, '/api/keys', { cookie })).toMatchObject({ status: 200 });
  await stop();
});

test('--read-only tells who it is for, too', async () => {
  const { url, stop } = await start(['--read-only', '--actor', 'bob']);
  expect(await ask(url, '/api/session', { cookie: await open(url) })).toMatchObject({
    body: { actor: 'bob', isReadOnly: true },
  });
  await stop();
});

test('a connection on which nothing is sent does not keep Ctrl-C from ending it', async () => {
  const { url, stop } = await start();
  const silent = connect(Number(new URL(url).port), '127.0.0.1');
  await once(silent, 'connect');
  expect(await stop()).toMatchObject({ exitCode: 130 });
  silent.destroy();
});

describe('a port', () => {
  test('is taken as given', async () => {
    const { url, stop } = await start();
    await stop();
    const { port } = new URL(url);
    const again = await start(['--port', port]);
    expect(new URL(again.url).port).toBe(port);
    await again.stop();
  });

  test('in use is told, with what to do', async () => {
    const { url, stop } = await start();
    const { exitCode, stdout, stderr } = await cli.run(['console', '--port', new URL(url).port], { table });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^error: --port: cannot listen on port \d+: it is in use; pass another port/);
    await stop();
  });

  test.each(['65536', '-1', 'http', ''])('%p is bad usage', async (port) => {
    expect(await cli.run(['console', `--port=${port}`], { table })).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

test('--no-open opens nothing', async () => {
  const opened: string[] = [];
  let interruption: Interruption | undefined;
  const ended = cli.run(['console', '--no-open'], {
    table,
    opened: (url) => opened.push(url),
    onStart: (interrupted, _, stdout) => {
      interruption = interrupted;
      stdout.once('data', () => setImmediate(() => interruption?.receive('SIGINT')));
    },
  });
  expect((await ended).stdout).toMatch(/^console: http/);
  expect(opened).toEqual([]);
});
