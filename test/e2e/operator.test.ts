import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGateway, writeTemplateVariant, type Gateway } from '../support/gateway.ts';

jest.setTimeout(120_000);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README_ORIGIN = 'http://127.0.0.1:3000';
/** Shorter than the README's 60 seconds, so the test doesn't have to wait. */
const RECORD_CACHE_SECONDS = '2';

/** Returns the lines of each `sh` block in a chapter of the README. */
async function chapterBlocks(heading: string): Promise<readonly (readonly string[])[]> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, rest = ''] = readme.split(`\n## ${heading}\n`);
  const [chapter = ''] = rest.split('\n## ');
  return [...chapter.matchAll(/```sh\n(.*?)\n```/gs)].map(([, commands = '']) => commands.split('\n'));
}

describe('the README\'s chapter "The life of a key"', () => {
  let gateway: Gateway;
  let blocks: readonly (readonly string[])[];
  /** Output of earlier commands, by the placeholders in the README's commands. */
  const placeholders = new Map<string, string>();

  beforeAll(async () => {
    blocks = await chapterBlocks('The life of a key');
    const template = await writeTemplateVariant((json) => {
      for (const { Type, Properties } of Object.values(json.Resources)) {
        const { Variables } = (Properties?.['Environment'] ?? {}) as { Variables?: Record<string, string> };
        if (Type !== 'AWS::Lambda::Function' || Variables?.['LATCHKEY_TABLE'] === undefined) continue;
        Variables['LATCHKEY_RECORD_CACHE_SECONDS'] = RECORD_CACHE_SECONDS;
      }
    });
    gateway = await startGateway({ template });
  });
  afterAll(() => gateway?.stop());

  /** Runs a command of the README with its placeholders and the port filled in, and returns its output. */
  async function run(command = ''): Promise<string> {
    const filled = command
      .replace(README_ORIGIN, new URL(gateway.url).origin)
      .replaceAll(/\b(NEW_KEY|KEY|ID)\b/g, (name) => placeholders.get(name) ?? name);
    const env = { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: gateway.endpoint, LATCHKEY_TABLE: gateway.tableName };
    const child = spawn('bash', ['-c', filled], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, exitCode] = await Promise.all([
      readText(child.stdout),
      readText(child.stderr),
      new Promise((resolve) => child.on('close', resolve)),
    ]);
    if (exitCode !== 0) throw new Error(`${command} ended with ${String(exitCode)}\n${stderr}`);
    return stdout;
  }

  /** Returns the printed value after a field's name. */
  function field(name: string, printed: string): string {
    return new RegExp(`^${name}: +(.*)$`, 'm').exec(printed)?.[1] ?? '';
  }

  test('creates a key and prints it with its id', async () => {
    const printed = await run(blocks[0]?.[0]);
    placeholders.set('KEY', field('key', printed)).set('ID', field('id', printed));
    expect(placeholders.get('KEY')).toMatch(/^sk_[0-9A-Za-z]{49}$/);
    expect(field('owner', printed)).toBe('acme');
  });

  test('uses the key, and show prints its last use', async () => {
    const answer = await run(blocks[1]?.[0]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain(placeholders.get('ID'));
    expect(field('last used', await run(blocks[1]?.[1]))).toMatch(/^just now/);
  });

  test('rotates the key, and both keys work during the grace period', async () => {
    const printed = await run(blocks[2]?.[0]);
    placeholders.set('NEW_KEY', field('key', printed));
    expect(placeholders.get('NEW_KEY')).not.toBe(placeholders.get('KEY'));
    expect(printed).toMatch(/^The old key works until \S+Z \(in (1 day|24 hours)\)/m);
    for (const command of blocks[2]?.slice(1) ?? []) expect(await run(command)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('revokes the key and prints its id and label', async () => {
    expect(await run(blocks[3]?.[0])).toMatch(`Revoked key ${placeholders.get('ID')}, "build server".`);
  });

  test('gets KEY_REVOKED for the old key and 200 for the new one', async () => {
    let answer = await run(blocks[4]?.[0]);
    while (answer.startsWith('HTTP/1.1 200 ')) {
      await sleep(200);
      answer = await run(blocks[4]?.[0]);
    }
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('"KEY_REVOKED"');
    expect(await run(blocks[4]?.[1])).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('contains only the commands that are run here', () => {
    expect(blocks.map((commands) => commands.length)).toEqual([1, 2, 3, 1, 2]);
  });
});
