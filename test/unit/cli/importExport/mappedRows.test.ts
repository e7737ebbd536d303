import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { addColumns } from '../../../../cli/importExport/columnMap.ts';
import { readFileStart } from '../../../../cli/importExport/fileStart.ts';
import { detectFormat, FORMATS } from '../../../../cli/importExport/formats.ts';
import { at, makeKey, NOW_MS } from '../../../support/keys.ts';
import { toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';

const hex = (key: string) => createHash('sha256').update(key).digest('hex');
const now = new Date(NOW_MS).toISOString();
const rawKey = () => `acme_${randomBytes(24).toString('hex')}`;

const warnings: string[] = [];

/** Reads a text by a map, in the detected format. */
async function readMapped(text: string, map: string, allowWeak = false) {
  warnings.length = 0;
  const columns = addColumns(map);
  const start = readFileStart(text);
  if (start === undefined) throw new Error('the text is empty');
  const options = { allowWeak, map: columns };
  const input = importInput(text, { options, warn: (warning) => warnings.push(warning) });
  return toArray(FORMATS[detectFormat(start, columns)].read(input));
}

describe('addColumns', () => {
  test('parses several pairs, spellings and repetitions of the option', () => {
    const map = addColumns('expires_at=ttl:seconds', addColumns('keyHash=hash, owner = customer'));
    expect([...map]).toEqual([
      ['keyHash', { column: 'hash' }],
      ['owner', { column: 'customer' }],
      ['expiresAt', { column: 'ttl', unit: 'seconds' }],
    ]);
  });

  test.each([
    ['an unknown field', 'colour=red', /unknown field "colour"; expected one of keyHash, id, label/],
    ['a missing column', 'keyHash', /expected FIELD=COLUMN, got "keyHash"/],
    ['an empty column', 'keyHash=', /expected FIELD=COLUMN/],
    ['a field twice', 'owner=a,owner=b', /owner is mapped twice/],
    ['a key and its hash', 'key=a,keyHash=b', /expected key or keyHash, got both/],
    [
      'a column of hashes as raw keys',
      'key=token_hash',
      /expected keyHash for a column of hashes, got key for "token_hash"$/,
    ],
    ['a unit for a text', 'owner=a:seconds', /only times have a unit/],
  ])('rejects %s with USAGE_INVALID', (_, text, message) => {
    expect(() => addColumns(text)).toThrow(
      expect.objectContaining({ code: 'USAGE_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('an import with --map', () => {
  const MAP = 'keyHash=hash,owner=customer,label=title';
  const row = { hash: hex('a'), customer: 'acme', title: 'CI', colour: 'red', plan: 'pro' };
  const entry = { keyHash: hex('a'), owner: 'acme', label: 'CI', plan: 'pro' };
  const names = Object.keys(row).join();
  const cells = Object.values(row).join();

  test.each([
    ['CSV', `${names}\n${cells}\n`, 2],
    ['CSV with semicolons', `${names.replaceAll(',', ';')}\n${cells.replaceAll(',', ';')}\n`, 2],
    ['JSON Lines', `${JSON.stringify(row)}\n`, 1],
    ['a JSON list', JSON.stringify([row], null, 2), 1],
    ['a JSON document with api_keys', JSON.stringify({ api_keys: [row] }), 1],
    [
      'a DynamoDB export',
      `${JSON.stringify({ Item: Object.fromEntries(Object.entries(row).map(([name, S]) => [name, { S }])) })}\n`,
      1,
    ],
  ])('reads %s and warns once about unknown columns', async (_, text, position) => {
    expect(await readMapped(text, MAP)).toEqual([{ position, entry }]);
    expect(warnings).toEqual(['ignored unknown columns: "colour"']);
  });

  test('reports the columns that the file lacks', async () => {
    const message = 'cannot use --map: the file lacks these columns: "customer", "title"';
    await expect(readMapped('hash,name\n', MAP)).rejects.toMatchObject({ code: 'IMPORT_INVALID', message });
    await expect(readMapped(`{"hash":"${hex('a')}"}\n`, MAP)).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
      message,
    });
  });

  test("doesn't repeat a raw key that the map has instead of a column", async () => {
    const key = rawKey();
    const error = await readMapped(`{"hash":"${hex('a')}"}\n`, `keyHash=hash,owner=${key}`).catch(String);
    expect(error).toMatch(/the file lacks these columns: \(hidden name of 53 characters\)/);
  });

  test('reports the column in the problem of an entry', async () => {
    const read = await readMapped('hash,customer,title\nnonsense,acme,CI\n', MAP);
    expect(read).toEqual([
      { position: 2, problem: expect.stringMatching(/^keyHash \("hash"\): expected the SHA-256/) },
    ]);
  });

  test('rejects a row whose unmapped column may mean that the key has ended', async () => {
    const read = await readMapped(`hash,customer,title,deleted\n${hex('a')},acme,CI,yes\n${hex('b')},acme,CI,\n`, MAP);
    expect(read).toMatchObject([
      { position: 2, problem: expect.stringMatching(/^unknown column "deleted" may mean that the key has ended/) },
      { position: 3, entry: { keyHash: hex('b') } },
    ]);
  });

  test('reads numbers in the unit of the map and rejects those in another unit', async () => {
    const text = `hash,title,ttl\n${hex('a')},x,1893456000\n${hex('b')},x,1893456000000\n${hex('c')},x,0\n`;
    expect(await readMapped(text, 'keyHash=hash,label=title,expiresAt=ttl:seconds')).toMatchObject([
      { entry: { expiresAt: '2030-01-01T00:00:00.000Z' } },
      { problem: expect.stringMatching(/^expiresAt \("ttl"\): expected a number of seconds since 1970/) },
      { entry: { label: 'x' } },
    ]);
  });

  test('rejects a number of milliseconds after the year 9999', async () => {
    const text = `hash,title,ttl\n${hex('a')},x,253402300799999\n${hex('b')},x,253402300800000\n`;
    expect(await readMapped(text, 'keyHash=hash,label=title,expiresAt=ttl:milliseconds')).toMatchObject([
      { entry: { expiresAt: '9999-12-31T23:59:59.999Z' } },
      { problem: expect.stringMatching(/^expiresAt \("ttl"\): expected a number of milliseconds since 1970/) },
    ]);
  });

  test('rejects a number without a unit', async () => {
    const text = `hash,title,ttl\n${hex('a')},x,1893456000\n`;
    expect(await readMapped(text, 'keyHash=hash,label=title,expiresAt=ttl')).toMatchObject([
      {
        problem: expect.stringMatching(
          /^expiresAt \("ttl"\): expected the unit of the number: add :seconds or :milliseconds/,
        ),
      },
    ]);
  });
});

describe('raw keys with --map', () => {
  const MAP = 'key=api_key,label=name,owner=customer,plan=tier,status=state,expiresAt=until';

  test('become hashes with their owner, plan, state and expiry', async () => {
    const [first, second, third, own] = [rawKey(), rawKey(), rawKey(), makeKey().secret];
    const text = `api_key,name,customer,tier,state,until\n${first},a,acme,pro,active,2031-01-31\n${second},b,acme,,suspended,\n${third},c,,,Revoked,\n${own},d,,,true,\n`;
    const read = await readMapped(text, MAP);
    expect(read).toEqual([
      {
        position: 2,
        entry: {
          keyHash: hex(first),
          keyPrefix: expect.stringMatching(/^acme_.{7,8}$/),
          label: 'a',
          owner: 'acme',
          plan: 'pro',
          expiresAt: '2031-01-31T23:59:59.999Z',
        },
      },
      { position: 3, entry: expect.objectContaining({ keyHash: hex(second), disabledAt: now }) },
      { position: 4, entry: expect.objectContaining({ keyHash: hex(third), revokedAt: now }) },
      { position: 5, entry: { keyHash: hex(own), keyPrefix: own.slice(0, 11), label: 'd' } },
    ]);
    const printed = JSON.stringify(read);
    expect([first, second, third, own].filter((key) => printed.includes(key.slice(14)))).toEqual([]);
  });

  test.each([
    ['enabled', 'no', { disabledAt: now }],
    ['enabled', 'true', {}],
    ['disabled', '1', { disabledAt: now }],
    ['disabled', '', {}],
    ['revoked', 't', { revokedAt: now }],
    ['status', 'expired', { expiresAt: now }],
    ['status', 'inactive', { disabledAt: now }],
  ])('have the state of the column %s=%j', async (target, cell, state) => {
    const key = rawKey();
    const read = await readMapped(`k,name,s\n${key},a,${cell}\n`, `key=k,label=name,${target}=s`);
    expect(read).toEqual([
      {
        position: 2,
        entry: { keyHash: hex(key), keyPrefix: expect.stringMatching(/^acme_.{7,8}$/), label: 'a', ...state },
      },
    ]);
  });

  test.each([
    ['revoked', 't', 'revokedAt', at(-1000), { revokedAt: at(-1000) }],
    ['revoked', 't', 'revokedAt', '0', { revokedAt: now }],
    ['disabled', 't', 'disabledAt', at(-1000), { disabledAt: at(-1000) }],
    ['status', 'expired', 'expiresAt', at(-1000), { expiresAt: at(-1000) }],
    ['status', 'expired', 'expiresAt', at(1000), { expiresAt: now }],
  ])('have the earlier end of %s=%j and %s=%j', async (target, cell, time, end, state) => {
    const read = await readMapped(`k,name,s,${time}\n${rawKey()},a,${cell},${end}\n`, `key=k,label=name,${target}=s`);
    expect(read).toMatchObject([{ entry: state }]);
  });

  test('ignore a column keyHash with a warning', async () => {
    const key = rawKey();
    const read = await readMapped(`k,name,keyHash\n${key},a,${hex('other')}\n`, 'key=k,label=name');
    expect(read).toMatchObject([{ entry: { keyHash: hex(key) } }]);
    expect(warnings).toEqual(['ignored unknown columns: "keyHash"']);
  });

  test.each([
    ['a weak key', 'k,name\npassword12345678,a\n', /^key: the key is weak: .*--allow-weak/],
    ['an empty cell', 'k,name\n,a\n', /^key: expected a key, got none$/],
    ['a hash', `k,name\n${hex('a')},a\n`, /^key: the value looks like a SHA-256 hash/],
    ['a short key', 'k,name\nabc,a\n', /^key: expected a key of 16 to 1024/],
  ])('are rejected for %s without repeating it', async (_, text, problem) => {
    const read = await readMapped(text, 'key=k,label=name');
    expect(read).toEqual([{ position: 2, problem: expect.stringMatching(problem) }]);
    expect(JSON.stringify(read)).not.toMatch(/password12345678|abc"/);
  });

  test.each([
    ['enabled', '', /^enabled: expected true or false$/],
    ['status', 'odd', /^status: expected a boolean or one of active, /],
  ])('are rejected for the unreadable state %s=%j', async (target, cell, problem) => {
    const read = await readMapped(`k,name,s\n${rawKey()},a,${cell}\n`, `key=k,label=name,${target}=s`);
    expect(read).toMatchObject([{ position: 2, problem: expect.stringMatching(problem) }]);
  });

  test.each([
    ['label', 'label=name', 'name'],
    ['owner', 'owner=customer', 'customer'],
    ['keyPrefix', 'label=note', 'keyPrefix'],
    ['metadata', 'label=note', 'metadata'],
  ])('are rejected if %s has the key in it', async (field, map, column) => {
    const key = rawKey();
    const cell = column === 'metadata' ? `"{""a"":""${key}""}"` : key;
    const label = map.startsWith('label') ? '' : ',label=note';
    const read = await readMapped(`k,note,${column}\n${key},a,${cell}\n`, `key=k,${map}${label}`);
    const problem = expect.stringMatching(
      new RegExp(`^${field}(?: \\(.*\\))?: expected a value without the key, got the key in it$`),
    );
    expect(read).toMatchObject([{ position: 2, problem }]);
    expect(JSON.stringify(read)).not.toContain(key);
  });

  test('are accepted with --allow-weak despite their weakness', async () => {
    expect(await readMapped('k,name\npassword12345678,a\n', 'key=k,label=name', true)).toMatchObject([
      { entry: { keyHash: hex('password12345678') } },
    ]);
  });
});
