import { randomUUID } from 'node:crypto';
import type { KeySecret } from '../../keys/secret.ts';
import { toTimestamp } from '../../keys/timestamp.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler, type Handler } from '../../lambda/createHandler.ts';
import { createTestKey, type TestKey } from '../../testing/createTestKey.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import type { TestRequest } from '../../testing/request.ts';

/** A handler as it is deployed, metrics on, whose cache holds the record of each of these keys. */
export interface WarmHandler {
  readonly secrets: readonly KeySecret[];
  readonly handler: Handler;
  readonly lookup: MemoryLookup;
  /** The lines of the log and of the metrics written so far. */
  readonly lineCount: () => number;
}

const HOUR_MS = 3_600_000;

/** What a browser behind CloudFront sends, in the order and the case in which a REST API hands it on. */
const HEADERS: readonly (readonly [string, string])[] = [
  ['Accept', 'application/json'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Accept-Language', 'en-GB,en;q=0.9'],
  ['CloudFront-Forwarded-Proto', 'https'],
  ['CloudFront-Is-Desktop-Viewer', 'true'],
  ['CloudFront-Is-Mobile-Viewer', 'false'],
  ['CloudFront-Is-SmartTV-Viewer', 'false'],
  ['CloudFront-Is-Tablet-Viewer', 'false'],
  ['CloudFront-Viewer-ASN', '64496'],
  ['CloudFront-Viewer-Country', 'GB'],
  ['Host', 'abcdef1234.execute-api.us-east-1.amazonaws.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36'],
  ['Via', '2.0 00000000000000000000000000000000.cloudfront.net (CloudFront)'],
  ['X-Amz-Cf-Id', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=='],
  ['X-Amzn-Trace-Id', 'Root=1-00000000-000000000000000000000000'],
  ['X-Forwarded-For', '192.0.2.1, 198.51.100.1'],
  ['X-Forwarded-Port', '443'],
  ['X-Forwarded-Proto', 'https'],
];

/** A request with the key as its bearer, to one of many routes. */
export function requestWith(key: string, index: number): TestRequest {
  return {
    key,
    headers: HEADERS,
    path: `/orders/${index}`,
    resource: '/orders/{id}',
    pathParameters: { id: `${index}` },
  };
}

/** A key with all that a record usually holds, used a minute ago. */
export function usedKey(): TestKey {
  const nowMs = Date.now();
  return createTestKey({
    id: randomUUID(),
    label: 'build server',
    owner: 'acme',
    scopes: ['orders:read', 'orders:write'],
    metadata: { tier: 'pro', seats: 3 },
    createdAt: toTimestamp(nowMs - HOUR_MS),
    lastUsedAt: toTimestamp(nowMs - 60_000),
    expiresAt: toTimestamp(nowMs + 24 * HOUR_MS),
  });
}

/** The handler on a table of so many keys. `settings` are as the function's own variables. */
export function warmHandler(
  keyCount: number,
  settings: Readonly<Record<string, string>> = {},
  now: () => number = Date.now,
): WarmHandler {
  const keys = Array.from({ length: keyCount }, usedKey);
  const lookup = new MemoryLookup(...keys.map(({ record }) => record));
  let lines = 0;
  const handler = createHandler({
    config: readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_RECORD_CACHE_SECONDS: '3600', ...settings }),
    functionName: 'authorizer',
    lookup,
    now,
    random: Math.random,
    writeLog: () => {
      lines++;
    },
  });
  return { secrets: keys.map(({ secret }) => secret), handler, lookup, lineCount: () => lines };
}
