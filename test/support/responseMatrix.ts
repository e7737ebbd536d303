import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { KeyRecord } from '../../keys/record.ts';
import { generateSecret, hashSecret, type KeySecret } from '../../keys/secret.ts';
import { toTimestamp } from '../../keys/timestamp.ts';
import type { TestRequest } from '../../testing/request.ts';
import { makeKey } from './keys.ts';

const PAGE = fileURLToPath(new URL('../../docs/responses.md', import.meta.url));
/** The mapped scopes of the tables. */
export const SCOPES = {
  here: ['GET /whoami', '$connect', 'GRAPHQL /graphql', 'SUBSCRIBE /whoami'],
  elsewhere: ['POST /admin'],
};
const A_DAY_AGO = toTimestamp(Date.now() - 24 * 3_600_000);

/** The request's credentials, and the record in the table. */
export interface Presented {
  readonly carried: TestRequest;
  readonly record?: KeyRecord;
  readonly runs?: 'external' | 'down';
}

const bearer = (secret: string): TestRequest => ({ headers: [['Authorization', `Bearer ${secret}`]] });
const header = (value: string): TestRequest => ({ headers: [['Authorization', value]] });

function keyWith(fields: Partial<KeyRecord>): Presented {
  const { secret, record } = makeKey(fields);
  return { carried: bearer(secret), record };
}

const KEY = makeKey();
const UNKNOWN = generateSecret('sk_');
const FOREIGN = 'sk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8' as KeySecret;
const FOREIGN_RECORD = { ...KEY.record, keyHash: hashSecret(FOREIGN) };
const { label: _, ...WITHOUT_LABEL } = makeKey().record;
const CORRUPT = makeKey();
const ELSEWHERE = makeKey({ allowedIps: ['203.0.113.7'] });

/** Every row of the page's tables by the text in its first cell. */
export const ROWS: Readonly<Record<string, Presented>> = {
  nothing: { carried: {} },
  'an empty bearer': { carried: header('Bearer ') },
  'another scheme': { carried: header('Basic dXNlcjpwYXNz') },
  'a bare key in `Authorization`': { carried: header(KEY.secret), record: KEY.record },
  'another scheme and a key as query parameter': {
    carried: { ...header('Basic dXNlcjpwYXNz'), query: [['api_key', KEY.secret]] },
    record: KEY.record,
  },
  'an unknown bearer and a key as query parameter': {
    carried: { ...bearer(UNKNOWN), query: [['api_key', KEY.secret]] },
    record: KEY.record,
  },
  'a malformed key': { carried: bearer('sk_nonsense') },
  'two `Authorization` headers': {
    carried: {
      headers: [
        ['Authorization', `Bearer ${KEY.secret}`],
        ['Authorization', `Bearer ${KEY.secret}`],
      ],
    },
    record: KEY.record,
  },
  'two `api_key` parameters': {
    carried: {
      query: [
        ['api_key', KEY.secret],
        ['api_key', KEY.secret],
      ],
    },
    record: KEY.record,
  },
  'two keys joined by a comma': { carried: bearer(`${KEY.secret},${KEY.secret}`), record: KEY.record },
  'a key with a control character': { carried: bearer(`${KEY.secret}\u0007`), record: KEY.record },
  'a key of 300 characters': { carried: bearer('x'.repeat(300)), runs: 'external' },
  'an unknown key': { carried: bearer(UNKNOWN) },
  'an external key in the table': { carried: bearer(FOREIGN), record: FOREIGN_RECORD },
  'the same, with external keys accepted': { carried: bearer(FOREIGN), record: FOREIGN_RECORD, runs: 'external' },
  'an active key': keyWith({}),
  'an active key with spaces around it': { carried: header(`bearer   ${KEY.secret}  `), record: KEY.record },
  'an active key of the scope here': keyWith({ scopes: ['here'] }),
  'an active key of the scope elsewhere': keyWith({ scopes: ['elsewhere'] }),
  'an active key of an empty list of scopes': keyWith({ scopes: [] }),
  'an active key of a scope that is not mapped': keyWith({ scopes: ['unheard-of'] }),
  'an expired key': keyWith({ expiresAt: A_DAY_AGO }),
  'a disabled key': keyWith({ disabledAt: A_DAY_AGO }),
  'a revoked key': keyWith({ revokedAt: A_DAY_AGO }),
  'an expired and disabled key': keyWith({ expiresAt: A_DAY_AGO, disabledAt: A_DAY_AGO }),
  'a revoked, expired and disabled key': keyWith({
    revokedAt: A_DAY_AGO,
    expiresAt: A_DAY_AGO,
    disabledAt: A_DAY_AGO,
  }),
  'a revoked key outside its scopes': keyWith({ revokedAt: A_DAY_AGO, scopes: ['elsewhere'] }),
  'a key from an address in its `allowedIps`': keyWith({ allowedIps: ['192.0.2.0/24', '127.0.0.0/8'] }),
  'a key from another address': keyWith({ allowedIps: ['203.0.113.7'] }),
  'the same, with its address in `X-Forwarded-For`': {
    carried: {
      headers: [
        ['Authorization', `Bearer ${ELSEWHERE.secret}`],
        ['X-Forwarded-For', '203.0.113.7'],
      ],
    },
    record: ELSEWHERE.record,
  },
  'a key from another address, outside its scopes': keyWith({ allowedIps: ['203.0.113.7'], scopes: ['elsewhere'] }),
  'a revoked key from another address': keyWith({ allowedIps: ['203.0.113.7'], revokedAt: A_DAY_AGO }),
  'a key whose record is corrupt': {
    carried: bearer(CORRUPT.secret),
    record: { ...WITHOUT_LABEL, keyHash: CORRUPT.record.keyHash } as KeyRecord,
  },
  'an active key while DynamoDB is down': { carried: bearer(KEY.secret), runs: 'down' },
  'a malformed key while DynamoDB is down': { carried: bearer('sk_nonsense'), runs: 'down' },
};

/** A table of the page: its header without the first cell, then the other cells of each row by its first cell. */
export interface Matrix {
  readonly heads: readonly string[];
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

/** Reads the table of docs/responses.md below the comment that contains the test's path. */
export function readMatrix(testPath: string): Matrix {
  const [, after = ''] = readFileSync(PAGE, 'utf8').split(`<!-- matrix: ${testPath} `);
  const lines = after.split('\n').slice(1).join('\n').trim().split('\n\n', 1)[0]?.split('\n') ?? [];
  const cells = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const [[, ...heads] = [], , ...rows] = cells;
  return { heads, rows: new Map(rows.map(([presented = '', ...answers]) => [presented, answers])) };
}
