import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImportFormat } from '../../cli/importExport/formats.ts';

/** An export of another program in `test/support/exports`. It has 20 keys and 5 faults. All its values are invented. */
export interface ExportedSource {
  readonly name: string;
  /** The path of the file. */
  readonly path: string;
  /** The format that `import` detects, or `undefined` if `args` gives the format. */
  readonly detected?: ImportFormat;
  /** The further arguments of `import`. */
  readonly args: readonly string[];
  /** The part that all the keys have in common, if it isn't secret. */
  readonly publicPart?: string;
  /** Returns the raw key with a number from 1. The keys from 21 on are faulty. */
  readonly keyOf: (n: number) => string;
  /** The place and the problem of each fault, in the order of the file. */
  readonly faults: readonly (readonly [place: string, problem: string])[];
}

/** The number of keys that `import` can read in each file. The first one is active. */
export const EXPORTED_KEYS = 20;
/** The number of entries that `import` rejects in each file. */
export const EXPORTED_FAULTS = 5;

const DIRECTORY = fileURLToPath(new URL('exports', import.meta.url));
const HEX = '0123456789abcdef';
const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Derives an invented key, so that the files and the tests have the same keys without a list of them. */
function inventKey(source: string, n: number, length: number, alphabet = ALPHANUMERIC): string {
  let key = '';
  for (let block = 0; key.length < length; block++) {
    const bytes = createHash('sha256').update(`${source} ${n} ${block}`).digest();
    key += Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
  }
  return key.slice(0, length);
}

const pathOf = (file: string): string => join(DIRECTORY, file);

const TYK_ORGANIZATION = '5e9d9544a1dcd60001d0ed20';
const TYK_FIRST_IN_JSON = 17;
const TYK_FIRST_CUSTOM = 19;

/** Returns the key as Tyk stores it, except for a custom key, whose stored form customers don't send. */
function inventTykKey(n: number): string {
  if (n >= TYK_FIRST_CUSTOM && n <= EXPORTED_KEYS) return inventKey('tyk', n, 36);
  const id = inventKey('tyk', n, 32, HEX);
  if (n < TYK_FIRST_IN_JSON || n > EXPORTED_KEYS) return TYK_ORGANIZATION + id;
  return Buffer.from(JSON.stringify({ org: TYK_ORGANIZATION, id, h: 'murmur64' })).toString('base64');
}

const TYPE_ERROR = 'got a string';
const TIME = `a number of seconds since 1970, or a time in ISO 8601, such as 2030-01-31T12:00:00Z, ${TYPE_ERROR}`;

/** An export of every source that `import` reads. */
export const EXPORTED_SOURCES: readonly ExportedSource[] = [
  {
    name: "API Gateway's get-api-keys",
    path: pathOf('api-gateway.json'),
    detected: 'api-gateway',
    args: [],
    keyOf: (n) => inventKey('api-gateway', n, 40),
    faults: [
      ['entry 3', 'value is missing; export the keys with aws apigateway get-api-keys --include-values'],
      ['entry 8', `enabled: expected true or false, ${TYPE_ERROR}`],
      ['entry 13', `createdDate: expected ${TIME}`],
      ['entry 18', 'tags: expected a JSON object, got a list'],
      ['entry 23', 'value: the key is weak'],
    ],
  },
  {
    name: "API Gateway's key file",
    path: pathOf('api-gateway.csv'),
    detected: 'api-gateway',
    args: ['--plan-map', 'c7y23b=free,glvrsr=free'],
    keyOf: (n) => inventKey('api-gateway-csv', n, 30),
    faults: [
      ['line 4', 'key is missing'],
      ['line 9', 'name: expected 1 to 256 characters'],
      ['line 14', `enabled: expected true or false, ${TYPE_ERROR}`],
      ['line 19', 'the row has more or fewer cells than the header row'],
      ['line 24', 'usageplanIds: expected one plan, got 2; pass --plan-map to give them one name'],
    ],
  },
  {
    name: "Kong's configuration",
    path: pathOf('kong.yaml'),
    detected: 'kong',
    args: [],
    keyOf: (n) => inventKey('kong', n, 32),
    faults: [
      ['line 21', 'key is missing'],
      ['line 53', 'key: expected the key, got a reference to a vault'],
      ['line 63', `ttl: expected a whole number of seconds, at least 0, ${TYPE_ERROR}`],
      ['line 122', 'key: expected a key of 16 to 1024 visible ASCII characters without a comma'],
      ['line 124', 'consumer: expected the name or id of a consumer'],
    ],
  },
  {
    name: "Kong's Admin API",
    path: pathOf('kong-admin.json'),
    detected: 'kong',
    args: [],
    keyOf: (n) => inventKey('kong-admin', n, 32),
    faults: [
      ['entry 3', 'key is missing'],
      ['entry 8', 'consumer: expected the name or id of a consumer'],
      ['entry 13', 'ttl: expected a whole number of seconds, at least 0, got a number'],
      ['entry 18', `tags: expected a list of texts, ${TYPE_ERROR}`],
      ['entry 23', `created_at: expected ${TIME}`],
    ],
  },
  {
    name: "Tyk's sessions",
    path: pathOf('tyk.json'),
    detected: 'tyk',
    args: ['--plan-map', '641c15dd0fffb800010197bf=gold'],
    publicPart: TYK_ORGANIZATION,
    keyOf: inventTykKey,
    faults: [
      ['entry 3', 'key: expected the key or its SHA-256 hash, got 16 hex digits, as a murmur64 hash has'],
      ['entry 8', 'basic_auth_data: expected none, because the authorizer checks only the key'],
      ['entry 13', `expires: expected ${TIME}`],
      ['entry 18', `is_inactive: expected true or false, ${TYPE_ERROR}`],
      ['entry 23', 'expected an object, got a string'],
    ],
  },
  {
    name: "Unkey's migrateKeys",
    path: pathOf('unkey.json'),
    detected: 'unkey',
    args: [],
    keyOf: (n) => `uk_${inventKey('unkey', n, 24)}`,
    faults: [
      ['entry 3', 'hash is missing'],
      ['entry 8', 'hash: bcrypt hashes cannot be looked up'],
      ['entry 13', 'expires: expected a number of milliseconds since 1970'],
      ['entry 18', 'enabled: expected true or false'],
      ['entry 23', 'meta: expected a JSON object'],
    ],
  },
  {
    name: "better-auth's table",
    path: pathOf('better-auth.json'),
    detected: 'better-auth',
    args: [],
    keyOf: (n) => inventKey('better-auth', n, 64, LETTERS),
    faults: [
      ['entry 3', 'key is missing'],
      ['entry 8', 'key: expected the SHA-256 of the key in hex, base64 or base64url'],
      ['entry 13', 'expiresAt: expected a number of milliseconds since 1970'],
      ['entry 18', 'enabled: expected true or false'],
      ['entry 23', 'permissions: expected a JSON object such as {"orders":["read"]}'],
    ],
  },
  {
    name: 'a DynamoDB table',
    path: pathOf('dynamodb.json.gz'),
    detected: 'dynamodb',
    args: [
      '--map',
      'keyHash=token_hash,owner=customer,label=name',
      '--map',
      'plan=tier,createdAt=created,expiresAt=ttl:seconds',
    ],
    keyOf: (n) => `live_${inventKey('dynamodb', n, 32)}`,
    faults: [
      ['line 3', 'keyHash ("token_hash") is missing'],
      ['line 8', 'keyHash ("token_hash"): MD5 hashes cannot be looked up'],
      ['line 13', 'expiresAt ("ttl"): expected a number of seconds since 1970'],
      ['line 18', 'label ("name"): expected a text'],
      ['line 23', 'expected an item in DynamoDB JSON'],
    ],
  },
  {
    name: "SoulSync's configuration",
    path: pathOf('soulsync.json'),
    detected: 'json',
    args: [],
    keyOf: (n) => `sk_${inventKey('soulsync', n, 43, `${ALPHANUMERIC}-_`)}`,
    faults: [
      ['entry 3', 'keyHash is missing'],
      ['entry 8', 'keyHash: expected the SHA-256 of the key in hex, base64 or base64url'],
      ['entry 13', 'createdAt: expected a time in ISO 8601'],
      ['entry 18', 'label is missing'],
      ['entry 23', 'unknown field "comment"'],
    ],
  },
  {
    name: 'a CSV table',
    path: pathOf('mapped.csv'),
    detected: 'csv',
    args: ['--map', 'keyHash=hash,owner=customer,label=title,plan=tier,status=state,expiresAt=until'],
    keyOf: (n) => inventKey('csv', n, 40),
    faults: [
      ['line 4', 'keyHash ("hash") is missing'],
      ['line 9', 'keyHash ("hash"): MD5 hashes cannot be looked up'],
      ['line 14', 'status: expected a boolean or one of active'],
      ['line 19', 'plan: expected a plan'],
      ['line 24', 'expiresAt ("until"): expected a time in ISO 8601'],
    ],
  },
  {
    name: 'an env file',
    path: pathOf('keys.env'),
    detected: 'env',
    args: [],
    keyOf: (n) => inventKey('env', n, 36),
    faults: [
      ['line 4', 'DATABASE_URL: the value is a URL, not a key'],
      ['line 9', 'LOG_LEVEL: '],
      ['line 14', 'PARTNER_OLD_KEY: the value is a placeholder, not a key'],
      ['line 19', 'PARTNER_WEAK_KEY: the key is weak'],
      ['line 24', 'PARTNER_EMPTY_KEY: no value'],
    ],
  },
];
