import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { startGateway, writeTemplateVariant, type Gateway } from '../../support/gateway.ts';

/** Returns a key in SoulSync's format of 46 characters: `sk_` and 32 random bytes in base64url. */
const soulSyncKey = () => `sk_${randomBytes(32).toString('base64url')}`;
const [KEY, UNKNOWN] = [soulSyncKey(), soulSyncKey()];

const CONFIG = {
  active_media_server: 'plex',
  api_keys: [
    {
      id: '6a1f0c1e-6b0e-4c9e-9d0a-3d0a4b0f9f11',
      label: 'My script',
      key_hash: createHash('sha256').update(KEY).digest('hex'),
      key_prefix: KEY.slice(0, 11),
      created_at: '2026-01-31T12:34:56.789123+00:00',
      last_used_at: null,
    },
  ],
};

async function startWith(acceptExternalKeys: boolean): Promise<Gateway> {
  const template = await writeTemplateVariant(({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      const { Variables } = (Properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
      if (Type !== 'AWS::Lambda::Function' || Variables?.['LATCHKEY_TABLE'] === undefined) continue;
      // The tests use a key before and after its import, so the function mustn't cache unknown keys.
      Variables['LATCHKEY_RECORD_CACHE_SECONDS'] = '0';
    }
  });
  return startGateway({ template, acceptExternalKeys });
}

async function statusOf(url: string, secret: string): Promise<number> {
  return (await fetch(url, { headers: { authorization: `Bearer ${secret}` } })).status;
}

describe('the keys of a SoulSync configuration', () => {
  let directory = '';
  let [accepting, refusing]: Gateway[] = [];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'latchkey-moving-'));
    await writeFile(join(directory, 'config.json'), JSON.stringify(CONFIG, null, 2));
    [accepting, refusing] = await Promise.all([startWith(true), startWith(false)]);
  });
  afterAll(async () => {
    await Promise.all([accepting?.stop(), refusing?.stop()]);
    await rm(directory, { recursive: true, force: true });
  });

  async function importInto({ endpoint, tableName }: Gateway) {
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint };
    return runCli(['import', join(directory, 'config.json'), '--json', '--table', tableName], { env });
  }

  test('work after the import if externalKeys is true', async () => {
    if (accepting === undefined) throw new Error('no gateway');
    expect(KEY).toHaveLength(46);
    expect(await statusOf(accepting.url, KEY)).toBe(403);
    expect(await importInto(accepting)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await statusOf(accepting.url, KEY)).toBe(200);
    expect(await statusOf(accepting.httpUrl, KEY)).toBe(200);
    expect(await statusOf(accepting.url, UNKNOWN)).toBe(403);
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: accepting.endpoint };
    const used = await runCli(['identify', '--json', '--table', accepting.tableName], { env, stdin: KEY });
    expect(JSON.parse(used.stdout).record).toMatchObject({ label: 'My script', lastUsedAt: expect.any(String) });
  });

  test('do not work after the import if externalKeys is false', async () => {
    if (refusing === undefined) throw new Error('no gateway');
    expect(await importInto(refusing)).toMatchObject({ exitCode: 0 });
    expect(await statusOf(refusing.url, KEY)).toBe(403);
    expect(await statusOf(refusing.url, refusing.key)).toBe(200);
  });
});
