import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Interruption } from '../../../cli/signals.ts';
import { type SessionResult, useCli } from '../../support/useCli.ts';

const { cli, table } = useCli();

interface Started {
  /** The URL that the browser opens. Absent with `--no-open`. */
  readonly url: string;
  readonly stop: () => Promise<SessionResult>;
}

/** Starts a console and waits until it opens a browser. */
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

/** Sends a request with the headers that the page sends. */
async function ask(url: string, path: string, { cookie, body }: { cookie: string; body?: string }): Promise<Answer> {
  const headers = { cookie, origin: new URL(url).origin, 'content-type': 'application/json' };
  const answer = await fetch(new URL(path, url), body === undefined ? { headers } : { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.json() };
}

/** Opens the console's URL and returns its session cookie. */
async function open(url: string): Promise<string> {
  const { headers } = await fetch(url, { redirect: 'manual' });
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

test('console serves the table at the URL that it opens', async () => {
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
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `console: ${url}\n\nPress Ctrl-C to stop it.\n` });
  expect(stderr).toBe('stopping the console\n');
  await expect(fetch(url)).rejects.toThrow();
});

test('console sends its page the command that starts it again, quoted for a shell', async () => {
  const { url, stop } = await start(['--read-only', '--actor', "Al's laptop"]);
  const { body } = await ask(url, '/api/session', { cookie: await open(url) });
  expect(body.command).toMatch(/^latchkey console .*--actor 'Al'\\''s laptop' .*--read-only$/);
  await stop();
});

test('console records the name in --actor as the creator of a key', async () => {
  const { url, stop } = await start(['--actor', 'bob', '--prefix', 'live_']);
  const { body } = await ask(url, '/api/keys', { cookie: await open(url), body: '{"label":"x"}' });
  expect(body.key).toMatch(/^live_/);
  expect(await cli.record(table, body.record.id)).toMatchObject({ createdBy: 'bob', label: 'x' });
  await stop();
});

test('console sends the page each key that it stored before Ctrl-C stopped it', async () => {
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

test('console --read-only rejects a new key with 403', async () => {
  const { url, stop } = await start(['--read-only']);
  const cookie = await open(url);
  expect(await ask(url, '/api/keys', { cookie, body: '{"label":"x"}' })).toMatchObject({ status: 403 });
  expect(await ask(url, '/api/keys', { cookie })).toMatchObject({ status: 200 });
  await stop();
});

test('console --read-only sends the actor to the page', async () => {
  const { url, stop } = await start(['--read-only', '--actor', 'bob']);
  expect(await ask(url, '/api/session', { cookie: await open(url) })).toMatchObject({
    body: { actor: 'bob', isReadOnly: true },
  });
  await stop();
});

test('console stops on Ctrl-C despite an idle connection', async () => {
  const { url, stop } = await start();
  const silent = connect(Number(new URL(url).port), '127.0.0.1');
  await once(silent, 'connect');
  expect(await stop()).toMatchObject({ exitCode: 0, stderr: 'stopping the console\n' });
  silent.destroy();
});

describe('console --port', () => {
  test('listens on the port that you pass', async () => {
    const { url, stop } = await start();
    await stop();
    const { port } = new URL(url);
    const again = await start(['--port', port]);
    expect(new URL(again.url).port).toBe(port);
    await again.stop();
  });

  test('recommends another port if the port is in use', async () => {
    const { url, stop } = await start();
    const { exitCode, stdout, stderr } = await cli.run(['console', '--port', new URL(url).port], { table });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^error: --port: cannot listen on port \d+: it is in use; pass another port/);
    await stop();
  });

  test.each(['65536', '-1', 'http', ''])('exits 2 for %p', async (port) => {
    expect(await cli.run(['console', `--port=${port}`], { table })).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

test('console prints its URL on a line of its own on a terminal of 80 columns', async () => {
  let interruption: Interruption | undefined;
  const { stdout } = await cli.run(['console', '--no-open'], {
    table,
    isTerminal: true,
    onStart: (interrupted, _, stdout) => {
      interruption = interrupted;
      stdout.once('data', () => setImmediate(() => interruption?.receive('SIGINT')));
    },
  });
  expect(stdout).toMatch(/^console:\nhttp:\S+\n/);
});

test('console --no-open does not open a browser', async () => {
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
