import assert from 'node:assert/strict';
import { devNull } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { restRequestEvent } from '../testing/authorizerEvents.ts';
import { createTestKey, type TestKey } from '../testing/createTestKey.ts';
import type { TestRequest } from '../testing/request.ts';

/** The deployed file. main.ts builds it before any part runs. */
export const BUNDLE = fileURLToPath(new URL('../dist/authorizer/index.mjs', import.meta.url));

const HOUR_MS = 3_600_000;

/** Creates a key whose record has every usual attribute. It was used a minute ago, so a last-used write isn't due. */
export function usedKey(): TestKey {
  const before = (ms: number) => new Date(Date.now() - ms).toISOString();
  return createTestKey({
    label: 'build server',
    owner: 'acme',
    scopes: ['orders:read', 'orders:write'],
    metadata: { tier: 'pro', seats: 3 },
    createdAt: before(HOUR_MS),
    lastUsedAt: before(60_000),
    expiresAt: before(-24 * HOUR_MS),
  });
}

/** Headers of a browser behind CloudFront, in the form that a REST API passes to its authorizer. */
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

let requestCount = 0;

/**
 * Returns an event with this key for a route that earlier events didn't use. The event is parsed from JSON, the same as
 * in Lambda's runtime.
 */
export function eventWith(key: string, makeEvent: (request: TestRequest) => object = restRequestEvent): object {
  const id = String(requestCount++);
  const route = { path: `/orders/${id}`, resource: '/orders/{id}', pathParameters: { id } };
  return JSON.parse(JSON.stringify(makeEvent({ key, headers: HEADERS, ...route })));
}

/** Returns the environment variables that Lambda sets for a function, and the table's endpoint. */
export function functionEnvironment(endpoint: string): Record<string, string> {
  return {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_LAMBDA_FUNCTION_NAME: 'authorizer',
    LATCHKEY_TABLE: 'keys',
  };
}

export type Handler = (event: object) => Promise<object>;

let imports = 0;

/**
 * Loads another instance of the deployed file into this process, with these settings. The record cache TTL is one hour.
 */
export async function importFunction(
  endpoint: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Handler> {
  const own = { LATCHKEY_RECORD_CACHE_SECONDS: '3600', ...settings };
  Object.assign(process.env, functionEnvironment(endpoint), own);
  const { handler } = await import(`${pathToFileURL(BUNDLE).href}?instance=${imports++}`);
  for (const name of Object.keys(own)) delete process.env[name];
  return handler;
}

let lines = 0;

/** Discards and counts the lines that functions in this process print. Returns the number of lines so far. */
export function countLines(): () => number {
  process.stdout.write = () => {
    lines++;
    return true;
  };
  return () => lines;
}

/** Throws unless a response of any API type allows the request. */
export function assertAllowed(answer: object): void {
  assert.match(JSON.stringify(answer), /"Effect":"Allow"|"isAuthorized":true/);
}
