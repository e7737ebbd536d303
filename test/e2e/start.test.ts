import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { generateSecret } from '../../keys/secret.ts';
import { markedProcesses } from '../support/markedProcesses.ts';

jest.setTimeout(120_000);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `npm start`, with a mark in the environment of each process that it starts. */
class NpmStart {
  readonly #npm: ChildProcess;
  readonly #mark = randomUUID();
  #output = '';

  constructor() {
    const env = { ...process.env, LATCHKEY_TEST_MARK: this.#mark };
    const args = ['start', '--', '--port', '0', '--console-port', '0'];
    const npm = spawn('npm', args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.#npm = npm;
  }

  get processes(): readonly number[] {
    return markedProcesses(this.#mark);
  }

  /** Waits for a row of the banner, such as `REST`, and returns its value. */
  row(name: string): Promise<string> {
    return this.line(`  ➜  ${name} +`);
  }

  /** Waits for a line that starts with this pattern, and returns the rest of the line. */
  async line(start: string): Promise<string> {
    const pattern = new RegExp(`^${start}(.*)\n`, 'm');
    for (;;) {
      const [, rest] = pattern.exec(this.#output) ?? [];
      if (rest !== undefined) return rest;
      if (this.#npm.exitCode !== null) throw new Error(`npm start ended\n${this.#output}`);
      await sleep(20);
    }
  }

  /**
   * Signals only npm. Waits for its end, and at most two seconds for its children. Returns the processes that remain.
   */
  async signal(signal: NodeJS.Signals): Promise<readonly number[]> {
    const exited = this.#npm.exitCode === null && this.#npm.signalCode === null ? once(this.#npm, 'exit') : undefined;
    this.#npm.kill(signal);
    await exited;
    for (let tries = 0; tries < 40 && this.processes.length > 0; tries++) await sleep(50);
    return this.processes;
  }

  /** Kills all remaining processes. */
  kill(): void {
    for (const pid of this.processes) process.kill(pid, 'SIGKILL');
  }
}

/** Runs `npm run latchkey` on the local table, and returns its JSON output. */
function latchkey(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'latchkey', '--', ...args, '--local', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`latchkey ${args[0]} ended with ${status}\n${stderr}`);
  return JSON.parse(stdout);
}

async function get(url: string, secret?: string) {
  const response = await fetch(url, secret === undefined ? {} : { headers: { authorization: `Bearer ${secret}` } });
  return { status: response.status, body: await response.text(), challenge: response.headers.get('www-authenticate') };
}

describe('npm start', () => {
  const npm = new NpmStart();
  let rest: string;
  let http: string;
  let key: string;
  beforeAll(async () => {
    rest = await npm.row('REST');
    http = await npm.row('HTTP');
    key = await npm.row('Key');
    await npm.line('  Ctrl-C');
  });
  afterAll(() => npm.kill());

  const demoRecord = () => latchkey('list').records.find(({ label }: { label: string }) => label === 'demo');

  test('prints the URL of the sample route and an unused key', () => {
    expect(rest).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/rest\/whoami$/);
    expect(key).toMatch(/^sk_[0-9A-Za-z]{49}$/);
    expect(demoRecord()).toMatchObject({ keyPrefix: key.slice(0, 11) });
    expect(demoRecord()).not.toHaveProperty('lastUsedAt');
  });

  test('the sample APIs allow a request with the printed key', async () => {
    const { id } = demoRecord();
    for (const url of [rest, http]) {
      const { status, body } = await get(url, key);
      expect({ status, body: JSON.parse(body) }).toMatchObject({ status: 200, body: { keyId: id, label: 'demo' } });
    }
  });

  test('prints one line per request, with the label of the key', async () => {
    await get(`${rest}?printed`, key);
    expect(await npm.line('GET /rest/whoami 200 ')).toMatch(/^\d+ ms demo$/);
  });

  test('the sample APIs respond with 401 to a request without a key', async () => {
    expect(await get(rest)).toEqual({
      status: 401,
      body:
        '{"success":false,"data":null,"error":{"code":"AUTH_REQUIRED","message":"API key is required. Pass via ' +
        'Authorization: Bearer <key> header or ?api_key= query parameter."},"pagination":null}',
      challenge: 'Bearer',
    });
    expect(await get(http)).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
  });

  test.each([
    ['an unknown key', generateSecret('sk_')],
    ['a malformed key', 'sk_nonsense'],
  ])('the sample APIs respond with 403 to a request with %s', async (_, secret) => {
    expect(await get(rest, secret)).toEqual({
      status: 403,
      body: '{"success":false,"data":null,"error":{"code":"INVALID_KEY","message":"Invalid API key."},"pagination":null}',
      challenge: null,
    });
    expect(await get(http, secret)).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
  });

  test('the authorizer stores the last use only once for 100 requests', async () => {
    const { lastUsedAt } = demoRecord();
    expect(Date.parse(lastUsedAt)).toBeLessThanOrEqual(Date.now());
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => get(index % 2 ? http : rest, key)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    }
    expect(demoRecord().lastUsedAt).toBe(lastUsedAt);
  });

  test("doesn't leave processes or its state file behind after a SIGINT sent only to npm", async () => {
    expect(npm.processes.length).toBeGreaterThanOrEqual(2);
    expect(await npm.signal('SIGINT')).toEqual([]);
    await expect(get(rest)).rejects.toThrow();
    expect(() => latchkey('list')).toThrow();
  });
});

describe('an interrupted npm start', () => {
  test.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])(
    "doesn't leave a process behind after a %s sent only to npm during the CDK synthesis",
    async (signal) => {
      rmSync(join(ROOT, 'cdk.out/.sources'), { force: true });
      const npm = new NpmStart();
      try {
        await npm.line('✓ built in');
        // npm, the gateway, the CDK and the app that the CDK starts.
        while (npm.processes.length < 4) await sleep(5);
        expect(await npm.signal(signal)).toEqual([]);
      } finally {
        npm.kill();
      }
    },
    60_000,
  );

  test("doesn't leave a process behind after a SIGTERM sent only to npm while the gateway runs", async () => {
    const npm = new NpmStart();
    try {
      const url = await npm.row('REST');
      await get(url, await npm.row('Key'));
      expect(await npm.signal('SIGTERM')).toEqual([]);
    } finally {
      npm.kill();
    }
  });
});
