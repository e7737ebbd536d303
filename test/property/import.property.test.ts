import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addColumns, type ColumnMap } from '../../cli/importExport/columnMap.ts';
import { readFileStart } from '../../cli/importExport/fileStart.ts';
import { detectFormat, FORMATS, IMPORT_FORMATS, type ImportFormat } from '../../cli/importExport/formats.ts';
import type { ReadEntry } from '../../cli/importExport/readEntry.ts';
import { CliError } from '../../operator/errors.ts';
import { mutateBytes } from '../support/byteMutations.ts';
import { splitIntoChunks, toArray } from '../support/chunks.ts';
import { deepJson } from '../support/deepJson.ts';
import { importInput } from '../support/importInput.ts';
import { runs } from '../support/runs.ts';

const HEX = createHash('sha256').update('a').digest('hex');
const BASE64 = Buffer.from(HEX, 'hex').toString('base64');
/** A raw key that no output may contain. */
const RAW_KEY = 'acme_Zq8mX2vK7pLw4RtN9sYcB3dF';

/** One small file of each format. */
const SAMPLES: Readonly<Record<string, string>> = {
  json: JSON.stringify({ theme: 'dark', api_keys: [{ label: 'a', key_hash: HEX, key: RAW_KEY }] }, null, 1),
  csv: `keyHash,label,owner,expiresAt,key\n${HEX},a,acme,2031-01-01,${RAW_KEY}\n"${HEX}","b""c",,\n`,
  jsonl: `{"keyHash":"${HEX}","label":"a","metadata":{"a":[1]}}\n{"keyHash":"${HEX}","label":"b"}\n`,
  env: `# keys\nexport A="${RAW_KEY}"\nB='${RAW_KEY}'\n`,
  unkey: JSON.stringify({
    keys: [{ hash: BASE64, externalId: 'u', expires: 1_893_456_000_000, credits: { remaining: 0 } }],
  }),
  'better-auth': JSON.stringify([
    {
      key: BASE64,
      userId: 'u',
      rateLimitEnabled: true,
      permissions: '{"a":["b"]}',
      metadata: '{}',
      createdAt: 1_893_456_000_000,
    },
  ]),
  'api-gateway': JSON.stringify({
    items: [{ id: 'a', value: RAW_KEY, name: 'a', enabled: true, createdDate: 1, stageKeys: [], tags: { a: 'b' } }],
    position: 'x',
  }),
  kong: `_format_version: "3.0"\nconsumers:\n- &a\n  username: a\n  keyauth_credentials:\n  - key: ${RAW_KEY}\n    ttl: 60\n- {id: b}\nkeyauth_credentials:\n- consumer: a\n  key: "${RAW_KEY}"\n`,
  tyk: JSON.stringify({ [RAW_KEY]: { org_id: 'a', expires: -1, is_inactive: false, tags: ['a'] } }, null, 1),
  dynamodb: `{"Item":{"keyHash":{"S":"${HEX}"},"label":{"S":"a"},"scopes":{"L":[{"S":"a"}]},"metadata":{"M":{"a":{"N":"1"}}},"key":{"S":"${RAW_KEY}"}}}\n`,
};

const mutated = fc
  .tuple(
    fc.constantFrom(...Object.values(SAMPLES)),
    fc.array(fc.record({ way: fc.nat(), at: fc.nat(), value: fc.nat() }), { maxLength: 6 }),
  )
  .map(([text, mutations]) => mutateBytes(Buffer.from(text), mutations).toString());

const anyText = fc.oneof(
  { weight: 6, arbitrary: mutated },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '\n', '{', '[', '[]', '{}', 'null', deepJson(5000), `{"keys":${deepJson(5000)}}`),
  },
);

const MAP = addColumns('key=key,owner=owner,label=label');

/** Reads a text as a format. Returns the entries, or the error that the command would report. */
async function readAs(format: ImportFormat, text: string, map?: ColumnMap): Promise<readonly ReadEntry[] | CliError> {
  const options = { allowWeak: false, ...(map === undefined ? {} : { map }) };
  try {
    return await toArray(FORMATS[format].read(importInput(text, { chunks: splitIntoChunks(text, 64), options })));
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
}

describe('the readers of import', () => {
  test('only fail with IMPORT_INVALID for any text in any format, and never repeat a raw key', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.constantFrom(...IMPORT_FORMATS), fc.boolean(), async (text, format, hasMap) => {
        const map = hasMap && FORMATS[format].takesMap === true ? MAP : undefined;
        const read = await readAs(format, text, map);
        if (read instanceof CliError) expect(read.code).toBe('IMPORT_INVALID');
        const printed = read instanceof CliError ? read.message : JSON.stringify(read);
        expect(printed.includes(RAW_KEY.slice(14))).toBe(false);
      }),
      runs(3000),
    );
  });

  test('detect one format or report USAGE_INVALID for any text', () => {
    fc.assert(
      fc.property(anyText, fc.option(fc.constant(MAP), { nil: undefined }), (text, map) => {
        const start = readFileStart(text);
        if (start === undefined) return;
        try {
          expect(IMPORT_FORMATS).toContain(detectFormat(start, map));
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE_INVALID' });
        }
      }),
      runs(3000),
    );
  });

  test.each(Object.entries(SAMPLES))(
    'detect %s only as itself, and in each of its prefixes as itself or not at all',
    (name, text) => {
      for (let length = text.length; length > 0; length--) {
        const start = readFileStart(text.slice(0, length));
        const matching =
          start === undefined ? [] : IMPORT_FORMATS.filter((format) => FORMATS[format].matches(start, isHashName));
        if (length === text.length) expect(matching).toEqual([name]);
        else expect([[], [name]]).toContainEqual(matching);
      }
    },
  );
});

function isHashName(name: string): boolean {
  return /^key_?hash$/i.test(name);
}
