import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, test } from '@jest/globals';
import type { GatewayRequest, Header } from '../../../local/gatewayRequest.ts';
import { isSigned, LOCAL_CREDENTIALS } from '../../../local/iamAuthorizer.ts';

const NOW = new Date('2026-12-01T01:22:13Z');
const HOST = '127.0.0.1:3456';

const REQUEST: GatewayRequest = {
  id: 'request-1',
  method: 'GET',
  sentPath: '/keys',
  path: '/keys',
  rawQuery: '',
  headers: [],
  body: Buffer.alloc(0),
  sourceIp: '127.0.0.1',
  protocol: 'HTTP/1.1',
  receivedMs: NOW.getTime(),
};

/** The headers that curl 7.88 sent with `--aws-sigv4 aws:amz:us-east-1:execute-api --user local:local`. */
const OF_CURL: readonly Header[] = [
  ['Host', HOST],
  [
    'Authorization',
    'AWS4-HMAC-SHA256 Credential=local/20261201/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=fe2ae27c7189bea865fd597fd745a1e593933792c91201f246662b971f5a2925',
  ],
  ['X-Amz-Date', '20261201T012213Z'],
  ['User-Agent', 'curl/7.88.1'],
  ['Accept', '*/*'],
];

interface Signing {
  readonly secretAccessKey?: string;
  readonly accessKeyId?: string;
  readonly region?: string;
  readonly service?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns a request to change keys, signed like a client of the SDK. */
async function signed({ region = 'us-east-1', service = 'execute-api', headers, ...credentials }: Signing = {}) {
  const body = Buffer.from('{"label":"é"}');
  const signer = new SignatureV4({
    region,
    service,
    credentials: { ...LOCAL_CREDENTIALS, ...credentials },
    sha256: Sha256,
  });
  const { headers: sent } = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: HOST,
      path: '/keys/a%20b/rotate',
      query: { x: ['2', '1'], 'a b': '/' },
      headers: headers ?? { host: HOST, 'content-type': 'application/json' },
      body,
    },
    { signingDate: NOW },
  );
  return {
    ...REQUEST,
    method: 'POST',
    sentPath: '/keys/a%20b/rotate',
    rawQuery: 'x=2&x=1&a%20b=%2F',
    headers: Object.entries(sent),
    body,
  };
}

const isSignedNow = (request: GatewayRequest, offsetMs = 0) => isSigned(request, () => NOW.getTime() + offsetMs);

/** Returns the request with another value of a header, or without it. */
function withHeader(request: GatewayRequest, name: string, value?: string): GatewayRequest {
  const others = request.headers.filter(([sent]) => sent.toLowerCase() !== name);
  return { ...request, headers: value === undefined ? others : [...others, [name, value]] };
}

describe('the signature of a request', () => {
  test('is valid if curl has signed it with the local credentials', async () => {
    expect(await isSignedNow({ ...REQUEST, headers: OF_CURL })).toBe(true);
  });

  test('is valid if a client of the SDK has signed its path, query, headers and body', async () => {
    expect(await isSignedNow(await signed())).toBe(true);
  });

  test.each<[string, (request: GatewayRequest) => GatewayRequest]>([
    ['another method', (request) => ({ ...request, method: 'PATCH' })],
    ['another path', (request) => ({ ...request, sentPath: '/keys/a%20c/rotate' })],
    ['another query', (request) => ({ ...request, rawQuery: 'x=2&x=1&a%20b=%2F&c=' })],
    ['another body', (request) => ({ ...request, body: Buffer.from('{}') })],
    ['another value of a signed header', (request) => withHeader(request, 'content-type', 'text/plain')],
    ['another host', (request) => withHeader(request, 'host', 'localhost')],
    ['no date', (request) => withHeader(request, 'x-amz-date')],
    ['a date of another format', (request) => withHeader(request, 'x-amz-date', NOW.toISOString())],
    ['a date that does not exist', (request) => withHeader(request, 'x-amz-date', '20261341T012213Z')],
    ['no signature', (request) => withHeader(request, 'authorization')],
    ['a token instead', (request) => withHeader(request, 'authorization', 'Bearer token')],
    ['an empty signature', (request) => withHeader(request, 'authorization', 'AWS4-HMAC-SHA256 SignedHeaders=host')],
    [
      'a body whose hash was not signed',
      (request) => ({ ...withHeader(request, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'), body: Buffer.from('{}') }),
    ],
  ])('is invalid for a request with %s', async (_, change) => {
    expect(await isSignedNow(change(await signed()))).toBe(false);
  });

  test.each<[string, Signing]>([
    ['another secret', { secretAccessKey: 'other' }],
    ['another access key', { accessKeyId: 'other' }],
    ['another Region', { region: 'eu-west-1' }],
    ['another service', { service: 'dynamodb' }],
    ['an unsigned host', { headers: { 'content-type': 'application/json' } }],
  ])('is invalid with %s', async (_, signing) => {
    const request = await signed(signing);
    expect(await isSignedNow(withHeader(request, 'host', HOST))).toBe(false);
  });

  test.each([
    [300_000, true],
    [-300_000, true],
    [301_000, false],
    [-301_000, false],
  ])('that is %i ms old is valid: %p', async (offsetMs, expected) => {
    expect(await isSignedNow(await signed(), offsetMs)).toBe(expected);
  });
});
