import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readApiGateway } from '../../../../cli/importExport/apiGateway.ts';
import type { ReaderOptions } from '../../../../cli/importExport/importFormat.ts';
import { toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { at } from '../../../support/keys.ts';

const VALUE = 'kX2mQ9vT4wB7nZ1cR8jL5hF3gD6sA0pYuE2iO4xK';
const HASH = createHash('sha256').update(VALUE).digest('hex');
const ITEM = { id: 'q1w2e3r4t5', value: VALUE, name: 'acme', enabled: true, createdDate: 1456184452 };

async function read(text: string, options: Partial<ReaderOptions> = {}) {
  const warnings: string[] = [];
  const warn = (warning: string): void => void warnings.push(warning);
  const entries = await toArray(readApiGateway(importInput(text, { warn, options: { allowWeak: false, ...options } })));
  return { entries, warnings };
}

const items = (...given: readonly object[]) => JSON.stringify({ items: given });

describe('readApiGateway', () => {
  test('reads the fields of a key, and hashes its value', async () => {
    const item = {
      ...ITEM,
      customerId: 'cus_1',
      description: 'A partner',
      tags: { team: 'blue' },
      createdDate: '2024-05-04T09:12:33+02:00',
    };
    const { entries } = await read(items(item));
    expect(entries).toEqual([
      {
        position: 1,
        entry: {
          keyHash: HASH,
          keyPrefix: VALUE.slice(0, 8),
          id: 'q1w2e3r4t5',
          label: 'acme',
          owner: 'cus_1',
          metadata: { description: 'A partner', team: 'blue' },
          createdAt: '2024-05-04T07:12:33.000Z',
        },
      },
    ]);
  });

  test.each([
    ['the time of its last update', { lastUpdatedDate: 1456184515 }, '2016-02-22T23:41:55.000Z'],
    ['the time of the import', {}, at(0)],
  ])('disables a key that is not enabled from %s on', async (_, fields, disabledAt) => {
    const { entries } = await read(items({ ...ITEM, enabled: false, ...fields }));
    expect(entries).toMatchObject([{ entry: { disabledAt } }]);
  });

  test("omits the id of an old key, because the id is the key's value", async () => {
    const { entries } = await read(items({ ...ITEM, id: VALUE, name: null }));
    expect(entries).toMatchObject([{ entry: { keyHash: HASH, label: 'API Gateway key 1' } }]);
    expect(JSON.stringify(entries)).not.toContain(VALUE);
  });

  test.each([
    ['name', { name: `key ${VALUE}` }],
    ['customerId', { customerId: VALUE }],
    ['tags', { tags: { key: VALUE } }],
  ])('rejects a key whose %s contains the key', async (field, fields) => {
    const { entries } = await read(items({ ...ITEM, ...fields }));
    expect(entries).toEqual([
      { position: 1, problem: `${field}: expected a value without the key, got the key in it`, keyHash: HASH },
    ]);
  });

  test('warns about a description that is too long to keep', async () => {
    const { entries, warnings } = await read(items({ ...ITEM, description: 'x'.repeat(2000), tags: { a: 'b' } }));
    expect(entries).toMatchObject([{ entry: { metadata: { a: 'b' } } }]);
    expect(warnings).toEqual(["1 key: description isn't kept, because it is too long for the metadata"]);
  });

  test('warns about stageKeys, and does not count rejected keys', async () => {
    const { warnings } = await read(
      items({ ...ITEM, stageKeys: ['a/prod'] }, { ...ITEM, tags: 1, stageKeys: ['a/b'] }),
    );
    expect(warnings).toEqual(["1 key: stageKeys isn't kept; an authorizer accepts a key on all its stages"]);
  });

  test.each([
    ['position', { position: 'abc' }],
    ['NextToken', { NextToken: 'abc' }],
  ])('warns that an export is not whole if its last page has a %s', async (_, next) => {
    const page = JSON.stringify({ items: [ITEM], ...next });
    const lastPage = items({ ...ITEM, id: 'a', value: `${VALUE}x` });
    expect((await read(page)).warnings).toEqual([expect.stringMatching(/^the export isn't whole, /)]);
    const both = await read(`${page}\n${lastPage}`);
    expect(both).toMatchObject({ entries: [{ position: 1 }, { position: 2 }], warnings: [] });
  });

  test('rejects a document without the list items', async () => {
    await expect(read('{"data":[]}')).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });

  test('finds the usage plan of an old key, whose id is its value', async () => {
    const planKeys = new Map([[VALUE, ['free']]]);
    const { entries } = await read(items({ ...ITEM, id: VALUE }), { planKeys });
    expect(entries).toMatchObject([{ entry: { plan: 'free' } }]);
  });

  test('warns about keys of --plan-keys that are not in the export, without their ids', async () => {
    const planKeys = new Map([
      ['q1w2e3r4t5', ['free']],
      [VALUE, ['free']],
    ]);
    const { warnings } = await read(items(ITEM), { planKeys, planMap: new Map([['free', 'free']]) });
    expect(warnings).toEqual(["--plan-keys: 1 key isn't in the export"]);
  });

  test('reads a list of keys, and an empty export', async () => {
    expect((await read(JSON.stringify([ITEM]))).entries).toMatchObject([{ entry: { label: 'acme' } }]);
    expect((await read(items())).entries).toEqual([]);
  });

  test("reads a key's usage plan from --plan-keys, and the plan's name from --plan-map", async () => {
    const planKeys = new Map([['q1w2e3r4t5', ['c7y23b']]]);
    const named = await read(items(ITEM), { planKeys, planMap: new Map([['c7y23b', 'free']]) });
    expect(named).toMatchObject({ entries: [{ entry: { plan: 'free' } }], warnings: [] });
    const unnamed = await read(items(ITEM), { planKeys });
    expect(unnamed.entries).toMatchObject([{ entry: { plan: 'c7y23b' } }]);
    expect(unnamed.warnings).toEqual(['the plans have the names c7y23b; pass --plan-map ID=NAME for other names']);
    const none = await read(items(ITEM), { planKeys, planMap: new Map([['c7y23b', undefined]]) });
    expect(none.entries).toMatchObject([{ entry: { plan: undefined } }]);
    const unused = await read(items(ITEM), { planMap: new Map([['c7y23b', 'free']]) });
    expect(unused.warnings).toEqual(['--plan-map: no key has a plan c7y23b']);
  });
});

describe('readApiGateway of a key file', () => {
  test('reads columns in any case and order, and lists of usage plans in either quotes', async () => {
    const text = `Key,x,name,UsagePlanIds,Enabled\n${VALUE},1,acme,'a1,b2',FALSE\n${VALUE}x,2,it's,"a1,b2",\n`;
    const { entries, warnings } = await read(text, {
      planMap: new Map([
        ['a1', 'free'],
        ['b2', 'free'],
      ]),
    });
    expect(entries).toEqual([
      {
        position: 2,
        entry: expect.objectContaining({ keyHash: HASH, label: 'acme', plan: 'free', disabledAt: at(0) }),
      },
      { position: 3, entry: expect.objectContaining({ label: "it's", plan: 'free', disabledAt: undefined }) },
    ]);
    expect(warnings).toEqual(['ignored unknown columns: "x"']);
  });

  test.each([
    ['Name,description\na,b\n', 'there is no column key'],
    ['name,key,Key\na,b,c\n', 'key appears twice'],
  ])('rejects the header row of %j', async (text, problem) => {
    const expected = `cannot use the header row: ${problem}; expected Name and Key, and some of Description, Enabled, UsagePlanIds`;
    await expect(read(text)).rejects.toMatchObject({ code: 'IMPORT_INVALID', message: expected });
  });
});
