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
/** Short, so that the test need not wait for the 60 seconds of the README. */
const RECORD_CACHE_SECONDS = '2';

/** The blocks of commands of the README's chapter, in their order. */
async function chapterBlocks(heading: string): Promise<readonly (readonly string[])[]> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, rest = ''] = readme.split(`\n## ${heading}\n`);
  const [chapter = ''] = rest.split('\n## ');
  return [...chapter.matchAll(/```sh\n(.*?)\n```/gs)].map(([, commands = '']) => commands.split('\n'));
}

describe("the README's life of a key, command by command", () => {
  let gateway: Gateway;
  let blocks: readonly (readonly string[])[];
  /** What stands in the README's commands for what earlier ones printed. */
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

  /** Runs one command as it stands there, but for the placeholders and the port; what it printed. */
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

  /** What is printed behind the name, as people read it. */
  function field(name: string, printed: string): string {
    return new RegExp(`^${name}: +(.*)$`, 'm').exec(printed)?.[1] ?? '';
  }

  test('create shows a key and its id', async () => {
    const printed = await run(blocks[0]?.[0]);
    placeholders.set('KEY', field('key', printed)).set('ID', field('id', printed));
    expect(placeholders.get('KEY')).toMatch(/^sk_[0-9A-Za-z]{49}$/);
    expect(field('owner', printed)).toBe('acme');
  });

  test('use: the key gets through, and show tells that it was used', async () => {
    const answer = await run(blocks[1]?.[0]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain(placeholders.get('ID'));
    expect(field('last used', await run(blocks[1]?.[1]))).toMatch(/^just now/);
  });

  test('rotate with overlap: both keys get through', async () => {
    const printed = await run(blocks[2]?.[0]);
    placeholders.set('NEW_KEY', field('key', printed));
    expect(placeholders.get('NEW_KEY')).not.toBe(placeholders.get('KEY'));
    expect(printed).toMatch(/^The old key works until \S+Z \(in (1 day|24 hours)\)/m);
    for (const command of blocks[2]?.slice(1) ?? []) expect(await run(command)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('revoke names the key', async () => {
    expect(await run(blocks[3]?.[0])).toMatch(`Revoked key ${placeholders.get('ID')}, "build server".`);
  });

  test('see it refused: the old key is, and its successor works on', async () => {
    let answer = await run(blocks[4]?.[0]);
    while (answer.startsWith('HTTP/1.1 200 ')) {
      await sleep(200);
      answer = await run(blocks[4]?.[0]);
    }
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('"KEY_REVOKED"');
    expect(await run(blocks[4]?.[1])).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('no command of the chapter was left out', () => {
    expect(blocks.map((commands) => commands.length)).toEqual([1, 2, 3, 1, 2]);
  });
});
