import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway.ts';

jest.setTimeout(120_000);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README_ORIGIN = 'http://127.0.0.1:3000';

/** Returns the blocks of commands in a chapter of the README, in order. */
async function chapterBlocks(heading: string): Promise<readonly (readonly string[])[]> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, rest = ''] = readme.split(`\n## ${heading}\n`);
  const [chapter = ''] = rest.split('\n## ');
  return [...chapter.matchAll(/```sh\n(.*?)\n```/gs)].map(([, commands = '']) => commands.split('\n'));
}

describe("the README's commands", () => {
  let gateway: GatewayProcess;
  /** The chapter defines the command's name with this block. */
  let alias: string;
  let blocks: readonly (readonly string[])[];
  /** The values that replace KEY, NEW_KEY and ID in the README's commands. */
  const placeholders = new Map<string, string>();

  beforeAll(async () => {
    const [[first = '', ...create] = [], ...others] = await chapterBlocks('The life of a key');
    alias = first;
    blocks = [create, ...others];
    gateway = await startGatewayProcess();
  });
  afterAll(() => gateway?.stop());

  /** Runs one command of the README with the placeholders and the port replaced, and returns its stdout. */
  async function run(command = ''): Promise<string> {
    const filled = command
      .replace(README_ORIGIN, new URL(gateway.url).origin)
      .replaceAll(/\b(NEW_KEY|KEY|ID)\b/g, (name) => placeholders.get(name) ?? name);
    const env = { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: gateway.endpoint, LATCHKEY_TABLE: gateway.tableName };
    const script = `shopt -s expand_aliases\n${alias}\n${filled}`;
    const child = spawn('bash', ['-c', script], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, exitCode] = await Promise.all([
      readText(child.stdout),
      readText(child.stderr),
      new Promise((resolve) => child.on('close', resolve)),
    ]);
    if (exitCode !== 0) throw new Error(`${command} ended with ${String(exitCode)}\n${stderr}`);
    return stdout;
  }

  /** Returns the string that is printed after the name. */
  function field(name: string, printed: string): string {
    return new RegExp(`^${name}: +(.*)$`, 'm').exec(printed)?.[1] ?? '';
  }

  test('create prints a key and its id', async () => {
    const printed = await run(blocks[0]?.[0]);
    placeholders.set('KEY', field('key', printed)).set('ID', field('id', printed));
    expect(placeholders.get('KEY')).toMatch(/^sk_[0-9A-Za-z]{49}$/);
    expect(field('owner', printed)).toBe('acme');
  });

  test('show prints a recent last use after curl gets 200 with the key', async () => {
    const answer = await run(blocks[1]?.[0]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain(placeholders.get('ID'));
    expect(field('last used', await run(blocks[1]?.[1]))).toMatch(/^just now/);
  });

  test('rotate leaves both keys valid during the grace period', async () => {
    const printed = await run(blocks[2]?.[0]);
    placeholders.set('NEW_KEY', field('key', printed));
    expect(placeholders.get('NEW_KEY')).not.toBe(placeholders.get('KEY'));
    expect(printed).toMatch(/^The old key, \S+, works until \S+Z \(in (1 day|24 hours)\)/m);
    for (const command of blocks[2]?.slice(1) ?? []) expect(await run(command)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('revoke prints the label of the key', async () => {
    // The delay is unknown, because these commands don't read the gateway's own state file.
    expect(await run(blocks[3]?.[0])).toMatch(/^✓ Revoked “build server”\. Refused once caches expire\./m);
  });

  test('curl gets 403 with the revoked key and 200 with its successor', async () => {
    let answer = await run(blocks[3]?.[1]);
    while (answer.startsWith('HTTP/1.1 200 ')) {
      await sleep(200);
      answer = await run(blocks[3]?.[1]);
    }
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('"KEY_REVOKED"');
    expect(await run(blocks[3]?.[2])).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('the README contains only commands that these tests run', () => {
    expect(alias).toMatch(/^alias latchkey=/);
    expect(blocks.map((commands) => commands.length)).toEqual([1, 2, 3, 3]);
  });
});
