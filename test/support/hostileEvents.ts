import fc from 'fast-check';
import type { KeySecret } from '../../keys/secret.ts';
import {
  appSyncEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../testing/authorizerEvents.ts';

/** The event factories of all authorizer events, by the API type in logs. */
export const EVENT_MAKERS = {
  'rest-token': restTokenEvent,
  'rest-request': restRequestEvent,
  'http-api': httpApiEvent,
  'http-api-1.0': httpApiV1Event,
  websocket: webSocketEvent,
  appsync: appSyncEvent,
} as const;

/** The name of an API type in logs. */
export type ApiTypeName = keyof typeof EVENT_MAKERS;

/** The names of inherited properties, and names that change the prototype. */
export const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'then',
];

/** Texts that try to break out of a header, a log line, a policy or a context. */
export const HOSTILE_TEXTS = [
  '',
  ' ',
  ',',
  'null',
  ...PROTOTYPE_NAMES,
  'x\r\nAuthorization: Bearer y',
  'x\n{"level":"ERROR","message":"forged"}',
  '"},"keyId":"forged","x":{"',
  '\u001B[2J\u001B[31mred',
  '\u009B31m',
  '\u0000',
  '\u2028\u2029',
  '\uD800',
  '\uDC00\uD800',
  '\u202Eevil',
  'e\u0301',
  '\u212A',
  'Вearer sk_',
  'Ｂｅａｒｅｒ sk_',
  '*',
  '?',
  '*/*',
  '/../../*',
  '%2e%2e%2f*',
  '${aws:username}',
  '{proxy+}',
  'arn:aws:execute-api:*:*:*/*/*/*',
  '"],"Effect":"Allow","Resource":["*',
  "' OR '1'='1",
  '=HYPERLINK("https://example.com")',
  '$connect',
  '<script>alert(1)</script>',
];

/** Look-alikes of letters, and characters that case folding turns into these letters. */
const LOOKALIKES: Readonly<Record<string, string>> = { s: 'ſ', k: '\u212A', o: 'о', a: 'а', e: 'е', A: 'Α', '0': '０' };

const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);

/** Valid and invalid ways to send a key. `text` is hostile. */
const WAYS: readonly ((secret: KeySecret, text: string, at: number) => string)[] = [
  (secret) => `Bearer ${secret}`,
  (secret) => `bEaReR   ${secret}  `,
  (secret) => secret,
  (secret) => ` ${secret} `,
  (secret) => `Bearer ${secret}, Bearer ${secret}`,
  (secret) => `Bearer${secret}`,
  (secret) => `Basic ${secret}`,
  (secret) => `Bearer\t${secret}`,
  (secret) => `Token ${secret}`,
  (secret, text) => `toKen   token="${secret}"${text}`,
  (secret, text) => `Basic ${Buffer.from(`${secret}:${text}`).toString('base64')}`,
  (secret, text) => `Basic ${Buffer.from(`${text}${secret}:`).toString('base64')}${text}`,
  (secret, text) => `${text}; key=${secret}`,
  (secret, text) => `key="${secret}";key=${text}`,
  (secret) => `bearer, ${secret}`,
  (secret, text) => `${text},bearer,${secret},${text}`,
  (secret, text) => `Bearer ${text}${secret}`,
  (secret, text) => `Bearer ${secret}${text}`,
  (secret, text, at) => `Bearer ${secret.slice(0, at)}${text}${secret.slice(at + 1)}`,
  (secret) => `Bearer ${secret.replaceAll(/[skoaeA0]/g, (letter) => LOOKALIKES[letter] ?? letter)}`,
];

const carriedKey = (secrets: readonly KeySecret[]) =>
  fc
    .tuple(fc.constantFrom(...WAYS), fc.constantFrom(...secrets), hostileText, fc.nat(60))
    .map(([way, ...how]) => way(...how));

const requestOf = (secrets: readonly KeySecret[]) => {
  const value = fc.oneof({ weight: 3, arbitrary: carriedKey(secrets) }, { weight: 1, arbitrary: hostileText });
  const headerName = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('Authorization', 'authorization', 'AUTHORIZATION', 'aUTHORIZATION') },
    { weight: 2, arbitrary: fc.constantFrom('x-api-key', 'X-Api-Key', 'X-API-KEY') },
    { weight: 2, arbitrary: fc.constantFrom('cookie', 'Cookie', 'sec-websocket-protocol', 'Sec-WebSocket-Protocol') },
    { weight: 1, arbitrary: fc.constantFrom('x-api-\u212Aey', 'authorizatıon', 'coo\u212Aie') },
    { weight: 1, arbitrary: hostileText },
  );
  const queryName = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('api_key', 'API_KEY', 'api_\u212Aey') },
    { weight: 1, arbitrary: hostileText },
  );
  const method = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('GET', 'POST', 'DELETE', 'get', 'GRAPHQL') },
    { weight: 1, arbitrary: hostileText },
  );
  const path = fc
    .array(fc.oneof(fc.constantFrom('orders', '7', 'graphql', '$connect'), hostileText), { maxLength: 3 })
    .map((segments) => `/${segments.join('/')}`);
  return fc.record({
    headers: fc.array(fc.tuple(headerName, value), { maxLength: 3 }),
    query: fc.array(fc.tuple(queryName, value), { maxLength: 2 }),
    method,
    path,
    pathParameters: fc.dictionary(hostileText, hostileText, { maxKeys: 1, noNullPrototype: true }),
  });
};

/** Replaces some of an event's fields. The new shapes don't come from any gateway, or the ARN contains hostile text. */
const breakage = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom(
        'type',
        'version',
        'headers',
        'multiValueHeaders',
        'queryStringParameters',
        'multiValueQueryStringParameters',
        'authorizationToken',
        'cookies',
        'requestContext',
        'routeKey',
        'methodArn',
        'routeArn',
        ...PROTOTYPE_NAMES,
      ),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), hostileText),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.nat(6), hostileText) },
);

/** An event of a hostile client or a broken gateway. It is parsed from JSON, the same as in Lambda's runtime. */
export function hostileEvent(apiType: ApiTypeName, secrets: readonly KeySecret[]): fc.Arbitrary<unknown> {
  return fc.tuple(requestOf(secrets), breakage).map(([request, broken]) => {
    const event: Record<string, unknown> = { ...EVENT_MAKERS[apiType](request) };
    if (broken === undefined) return throughJson(event);
    const [at, value] = broken;
    if (typeof at === 'string') {
      // A plain assignment would change the prototype instead of adding a member.
      return throughJson(Object.fromEntries([...Object.entries(event).filter(([name]) => name !== at), [at, value]]));
    }
    return throughJson({ ...event, ...withArnPart(event, at, value) });
  });
}

/** Any JSON value. */
export const shapelessEvent: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3 });

function throughJson(event: object): unknown {
  return JSON.parse(JSON.stringify(event));
}

/** Replaces one part of the event's ARN, between colons and slashes. */
function withArnPart(event: Readonly<Record<string, unknown>>, at: number, part: unknown): object {
  const name = 'routeArn' in event ? 'routeArn' : 'methodArn';
  const arn = event[name];
  if (typeof arn !== 'string') return {};
  const parts = arn.split(/([:/])/);
  return { [name]: parts.with(at * 2, String(part)).join('') };
}
