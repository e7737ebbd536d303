import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readFileStart } from '../../../../cli/importExport/fileStart.ts';
import { detectFormat } from '../../../../cli/importExport/formats.ts';
import { readKong } from '../../../../cli/importExport/kong.ts';
import { toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { at } from '../../../support/keys.ts';

const KEY = 'kX2mQ9vT4wB7nZ1cR8jL5hF3gD6sA0pY';
const HASH = createHash('sha256').update(KEY).digest('hex');
const ID = '59d1ef15-24a5-4373-b957-e8192c15ff6e';
const DAY_SECONDS = 86_400;
const DAY_MS = DAY_SECONDS * 1000;

async function read(text: string) {
  const warnings: string[] = [];
  const warn = (warning: string): void => void warnings.push(warning);
  return { entries: await toArray(readKong(importInput(text, { warn }))), warnings };
}

const yaml = (...lines: readonly string[]) => read(lines.join('\n'));
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');

describe('readKong of YAML', () => {
  test('reads the keys of consumers with their lines', async () => {
    const { entries } = await yaml(
      '---',
      '# by decK',
      '_format_version: "3.0"',
      'consumers:',
      '- custom_id: cus_1',
      `  id: ${ID}`,
      '  keyauth_credentials:',
      `  - key: ${KEY}`,
      '    tags:',
      '    - live',
      '  tags:',
      '  - partner',
      '  username: acme',
      '- username: nobody',
      'services:',
      '- name: "- key: not a key"',
    );
    expect(entries).toEqual([
      {
        position: 8,
        entry: expect.objectContaining({
          keyHash: HASH,
          label: 'acme',
          owner: 'cus_1',
          metadata: { tags: ['live'], consumerTags: ['partner'] },
        }),
      },
    ]);
  });

  test('reads the output of kong config db_export, whose ttl is the time of the expiry', async () => {
    const { entries } = await yaml(
      '_transform: false',
      'consumers:',
      `- id: ${ID}`,
      '  custom_id: ~',
      '  username: acme',
      'keyauth_credentials:',
      '- created_at: 1734329245',
      `  consumer: ${ID}`,
      `  key: ${KEY}`,
      '  ttl: 1924992000',
    );
    expect(entries).toMatchObject([
      {
        position: 7,
        entry: { owner: 'acme', createdAt: '2024-12-16T06:07:25.000Z', expiresAt: '2031-01-01T00:00:00.000Z' },
      },
    ]);
  });

  test.each(['0123456789012345678901234567890123456789', '1e1234567890123456789012345678901234567'])(
    'reads the key %s as a text',
    async (key) => {
      const text = `consumers:\n- username: a\n  keyauth_credentials:\n  - key: ${key}\n`;
      const input = importInput(text, { options: { allowWeak: true } });
      expect(await toArray(readKong(input))).toMatchObject([{ entry: { keyHash: hashOf(key) } }]);
    },
  );

  test('finds the consumer of a key by its name, even if the consumer comes later', async () => {
    const { entries, warnings } = await yaml(
      'keyauth_credentials:',
      `  - {consumer: acme, key: ${KEY}}`,
      '  - consumer: {username: globex}',
      `    key: ${KEY}x`,
      'consumers:',
      '  - {username: acme, custom_id: cus_1}',
    );
    expect(entries).toMatchObject([
      { position: 2, entry: { owner: 'cus_1', label: 'acme' } },
      { position: 3, entry: { owner: 'globex', label: 'globex' } },
    ]);
    expect(warnings).toEqual([]);
  });

  test('reads a list in brackets, and an empty list', async () => {
    const { entries } = await yaml(
      `consumers: [{username: a, keyauth_credentials: [{key: ${KEY}}]}]`,
      'keyauth_credentials: []',
    );
    expect(entries).toMatchObject([{ position: 1, entry: { keyHash: HASH, owner: 'a' } }]);
  });

  test('counts a relative ttl from the import, and warns about it', async () => {
    const { entries, warnings } = await yaml(
      'consumers:',
      '- username: a',
      '  keyauth_credentials:',
      `  - {key: ${KEY}, ttl: ${DAY_SECONDS}}`,
      `  - {key: ${KEY}0, ttl: 0}`,
    );
    expect(entries).toMatchObject([{ entry: { expiresAt: at(DAY_MS) } }, { entry: { expiresAt: undefined } }]);
    expect(warnings).toEqual([expect.stringMatching(/^1 key: the ttl starts now, /)]);
  });

  test.each([
    ['a vault reference', '"{vault://env/partner}"', 'key: expected the key, got a reference to a vault'],
    ['an environment variable of decK', '${{ env "DECK_KEY" }}', 'key: expected the key, got a placeholder'],
    ['a UUID of version 1', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'key: the key is weak: a UUID of another version'],
  ])('rejects %s instead of a key', async (_, key, problem) => {
    const { entries } = await yaml('consumers:', '- username: a', '  keyauth_credentials:', `  - key: ${key}`);
    expect(entries).toEqual([{ position: 4, problem: expect.stringContaining(problem) }]);
  });

  test('rejects only the entry with an error, and reads the next ones', async () => {
    const { entries } = await yaml(
      'consumers:',
      '- username: a',
      '  username: b',
      '- username: c',
      '  tags: *unknown',
      '- just a text',
      '- username: d',
      '  keyauth_credentials:',
      `  - key: ${KEY}`,
    );
    expect(entries).toEqual([
      { position: 3, problem: 'expected YAML, got DUPLICATE_KEY' },
      { position: 4, problem: 'expected at most 100 aliases, each of an anchor in the same entry' },
      { position: 6, problem: expect.stringMatching(/^expected an object, got a string/) },
      { position: 9, entry: expect.objectContaining({ owner: 'd' }) },
    ]);
  });

  test('rejects an entry that uses aliases more than 100 times', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `  l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`,
    );
    const { entries } = await yaml('consumers:', '- l0: &l0 lol', ...levels, `  username: a`);
    expect(entries).toEqual([{ position: 2, problem: expect.stringMatching(/^expected at most 100 aliases/) }]);
  });

  test('rejects a file that is not a map at its top level', async () => {
    const problem = 'cannot read the file as YAML: line 2: expected a name and a colon; nothing was imported';
    await expect(yaml('consumers:', 'hello world')).rejects.toMatchObject({ code: 'IMPORT_INVALID', message: problem });
  });

  test('warns about other credentials and limits, which it ignores', async () => {
    const { warnings } = await yaml(
      'acls:',
      '- group: a',
      'consumers:',
      '- username: a',
      '  acls: [{group: b}]',
      '  keyauth_credentials:',
      `  - key: ${KEY}`,
      'jwt_secrets:',
      '- consumer: a',
    );
    expect(warnings).toEqual([
      '1 key: acls, groups and plugins of the consumer are ignored; limit the key by its scopes and plan',
      'ignored acls, jwt_secrets; import reads only keyauth_credentials',
    ]);
  });
});

describe('readKong of JSON', () => {
  const consumers = { data: [{ id: ID, username: 'acme', custom_id: null, created_at: 1 }], next: null };
  const keys = { data: [{ id: '1', key: KEY, ttl: null, created_at: 1734329245, consumer: { id: ID } }], next: null };

  test.each([
    ['before', [consumers, keys]],
    ['after', [keys, consumers]],
  ])('reads answers of the Admin API with the consumers %s the keys', async (_, documents) => {
    const { entries, warnings } = await read(documents.map((document) => JSON.stringify(document)).join('\n'));
    expect(entries).toMatchObject([{ position: 1, entry: { keyHash: HASH, owner: 'acme', label: 'acme' } }]);
    expect(warnings).toEqual([]);
  });

  test('uses the id of a consumer as the owner if the file lacks the consumer, and warns about it', async () => {
    const { entries, warnings } = await read(JSON.stringify(keys));
    expect(entries).toMatchObject([{ entry: { owner: ID, label: ID } }]);
    expect(warnings).toEqual([expect.stringMatching(/^1 key: the owner is the id of the consumer, /)]);
  });

  test('warns that an export is not whole if the last page of keys or consumers names a next page', async () => {
    const page = JSON.stringify({ ...keys, next: '/key-auths?offset=x' });
    expect((await read(`${page}${JSON.stringify(consumers)}`)).warnings).toEqual([
      expect.stringMatching(/^the export isn't whole, /),
    ]);
    expect((await read(`${JSON.stringify(consumers)}${page}${JSON.stringify(keys)}`)).warnings).toEqual([]);
    const consumerPage = JSON.stringify({ ...consumers, next: '/consumers?offset=x' });
    expect((await read(`${consumerPage}${JSON.stringify(keys)}`)).warnings).toEqual([
      expect.stringMatching(/^the export isn't whole, /),
    ]);
  });

  test('reads a declarative configuration in JSON', async () => {
    const configuration = {
      _format_version: '3.0',
      consumers: [{ username: 'a', keyauth_credentials: [{ key: KEY }] }],
    };
    expect((await read(JSON.stringify(configuration))).entries).toMatchObject([{ entry: { owner: 'a' } }]);
  });
});

describe('readKong', () => {
  test.each([
    ['JSON', '{"items":[]}'],
    ['a JSON list', '[{"key":"a"}]'],
    ['YAML', 'services:\n- name: a\n'],
  ])('rejects %s without a list of consumers or keys', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
      message: expect.stringMatching(/^cannot read the file as an export of Kong: it has no list consumers, /),
    });
  });
});

describe('detectFormat', () => {
  const detect = (text: string) => {
    const start = readFileStart(text);
    return start === undefined ? undefined : detectFormat(start);
  };

  test.each([
    ['---\n_format_version: "3.0"\n', 'kong'],
    ['_transform: false\n_format_version: "3.0"\n', 'kong'],
    ['{"next":null,"data":[{"key":"a","consumer":{"id":"b"}}]}', 'kong'],
    ['{"data":[{"id":"a","username":null,"custom_id":"c"}]}', 'kong'],
    ['{"a":{"org_id":"b","expires":0,"is_inactive":false}}', 'tyk'],
    ['{"items":[{"id":"a","enabled":true,"createdDate":1}]}', 'api-gateway'],
    ['Enabled,Name,key,UsageplanIds\n', 'api-gateway'],
    ['keyauth_credentials:\n- key: a\n', 'kong'],
  ])('returns the format of %j', (text, format) => {
    expect(detect(text)).toBe(format);
  });

  test.each([
    '{"data":[{"id":"a","username":"b"}]}',
    '{"data":[{"key":"a","consumer":"b"}]}',
    '{"a":{"org_id":"b","expires":0}}',
    '{"items":[{"id":"a","name":"b","createdDate":1}]}',
    'name,key,enabled\na,b,true\n',
    'version: 3\nservices:\n',
    'consumers:\n  - username: a\n    plugins:\n      key-auth:\n        key: b\n',
  ])('rejects %j, which other programs write too', (text) => {
    expect(() => detect(text)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});
