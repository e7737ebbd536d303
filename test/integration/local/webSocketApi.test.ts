import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { GatewayError } from '../../../local/gatewayError.ts';
import type { TemplateJson } from '../../support/gateway.ts';
import { setProperties } from './sampleStack.ts';
import { serve, stopServing } from './servedStack.ts';

const clients: WebSocket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await stopServing();
});

type Headers = Record<string, string | string[]>;

/** Opens a connection. Returns the status, the client and the body of an error response. */
async function open(url: string, headers: Headers, protocols: string[] = []) {
  const client = new WebSocket(url, protocols, { headers });
  client.on('error', () => {});
  clients.push(client);
  const opened = once(client, 'open').then(() => ({ status: 101, client, body: undefined }));
  const refused = once(client, 'unexpected-response').then(async ([, response]: IncomingMessage[]) => {
    const chunks = response === undefined ? [] : await response.toArray();
    return { status: response?.statusCode, client, body: Buffer.concat(chunks).toString() };
  });
  return Promise.race([opened, refused]);
}

/** Sends a message and returns the echo. */
async function getEcho(client: WebSocket, message: string | Buffer) {
  const answered = once(client, 'message');
  client.send(message);
  const [data, isBinary] = await answered;
  return isBinary ? data : String(data);
}

const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

describe('a WebSocket API', () => {
  test('returns 401 without invoking the authorizer if the identity source is empty', async () => {
    const { listen, countInvocations } = await serve();
    const url = await listen();
    for (const headers of [{}, { Authorization: '' }]) {
      const { status, body } = await open(url, headers);
      expect(status).toBe(401);
      expect(JSON.parse(String(body))).toMatchObject({ message: 'Unauthorized' });
    }
    expect(countInvocations('Check')).toBe(0);
  });

  test.each([
    ['unauthorized', 401, 'Unauthorized'],
    ['deny', 403, 'Forbidden'],
    ['almost', 500, 'Internal server error'],
    ['nested', 500, 'Internal server error'],
    ['noPolicy', 500, 'Internal server error'],
    ['simpleAllow', 500, 'Internal server error'],
  ])('translates the authorizer response %s to the status %i', async (token, status, message) => {
    const { listen } = await serve();
    const refused = await open(await listen(), bearer(token));
    expect(refused.status).toBe(status);
    expect(JSON.parse(String(refused.body))).toEqual({
      message,
      connectionId: expect.any(String),
      requestId: expect.any(String),
    });
  });

  test('sends the authorizer every value of the headers and the query string', async () => {
    const { listen, getEvents } = await serve();
    const url = await listen();
    await open(`${url}?a=1&a=2&b=x%20y`, { ...bearer('allow'), 'X-A': ['1', '2'], 'User-Agent': 'jest' });
    expect(getEvents('Check')).toEqual([
      {
        type: 'REQUEST',
        methodArn: 'arn:aws:execute-api:us-east-1:000000000000:Ws/prod/$connect',
        headers: expect.objectContaining({ Authorization: 'Bearer allow', 'X-A': '2', Upgrade: 'websocket' }),
        multiValueHeaders: expect.objectContaining({ Authorization: ['Bearer allow'], 'X-A': ['1', '2'] }),
        queryStringParameters: { a: '2', b: 'x y' },
        multiValueQueryStringParameters: { a: ['1', '2'], b: ['x y'] },
        stageVariables: { tenant: 'blue' },
        requestContext: {
          routeKey: '$connect',
          eventType: 'CONNECT',
          extendedRequestId: expect.any(String),
          requestTime: '01/Jan/1970:00:00:00 +0000',
          messageDirection: 'IN',
          stage: 'prod',
          connectedAt: expect.any(Number),
          requestTimeEpoch: 0,
          identity: { sourceIp: '127.0.0.1', userAgent: 'jest' },
          requestId: expect.any(String),
          domainName: 'Ws.execute-api.us-east-1.amazonaws.com',
          connectionId: expect.stringMatching(/^[\w+/]{15}=$/),
          apiId: 'Ws',
        },
      },
    ]);
  });

  test('opens a connection if the query contains the identity source', async () => {
    const { listen, countInvocations } = await serve(
      {},
      setProperties('WsCheck', { IdentitySource: ['route.request.querystring.api_key'] }),
    );
    const url = await listen();
    expect((await open(url, bearer('allow'))).status).toBe(401);
    expect(countInvocations('Check')).toBe(0);
    expect((await open(`${url}?api_key=k`, bearer('allow'))).status).toBe(101);
  });

  test('invokes the authorizer for each connection because it lacks a result cache', async () => {
    const { listen, countInvocations } = await serve(
      {},
      setProperties('WsCheck', { AuthorizerResultTtlInSeconds: 300 }),
    );
    const url = await listen();
    await open(url, bearer('allow'));
    await open(url, bearer('allow'));
    expect(countInvocations('Check')).toBe(2);
  });

  test('opens a connection without a key if it lacks an authorizer', async () => {
    const { listen, countInvocations } = await serve({}, setProperties('WsConnect', { AuthorizationType: 'NONE' }));
    expect((await open(await listen(), {})).status).toBe(101);
    expect(countInvocations('Check')).toBe(0);
  });
});

describe('a WebSocket API whose $connect requires an API key', () => {
  const requiring = (expression: string | undefined) => (template: TemplateJson) => {
    setProperties('WsConnect', { ApiKeyRequired: true })(template);
    setProperties('Ws', expression === undefined ? {} : { ApiKeySelectionExpression: expression })(template);
  };

  test.each([
    ['counted', 101],
    ['allow', 403],
    ['countedTooShort', 403],
    ['countedTooLong', 403],
    ['deny', 403],
    ['unauthorized', 401],
  ])('answers the authorizer response %s with the status %i', async (token, status) => {
    const { listen } = await serve({}, requiring('$context.authorizer.usageIdentifierKey'));
    expect((await open(await listen(), bearer(token))).status).toBe(status);
  });

  test.each([undefined, '$request.header.x-api-key'])(
    'rejects the API key selection expression %p',
    async (expression) => {
      await expect(serve({}, requiring(expression))).rejects.toThrow(/WsConnect: ApiKeyRequired: .*, got true/);
    },
  );
});

describe('a WebSocket API whose client offers subprotocols', () => {
  test('selects the one in the response of the integration of $connect', async () => {
    const { listen } = await serve();
    const { client } = await open(await listen(), bearer('allow'), ['other', 'chat']);
    expect(client.protocol).toBe('chat');
  });

  test('selects none without a header in that response', async () => {
    const { listen } = await serve();
    const client = new WebSocket(await listen(), ['other'], { headers: bearer('allow') });
    clients.push(client);
    const [error] = await once(client, 'error');
    expect(error.message).toBe('Server sent no subprotocol');
  });

  test.each([
    ['refused', 400],
    ['broken', 502],
  ])('refuses the connection if the integration does: %s', async (protocol, status) => {
    const { listen } = await serve();
    expect((await open(await listen(), bearer('allow'), [protocol])).status).toBe(status);
  });

  test.each([
    ['is a mock', setProperties('WsConnectIntegration', { IntegrationType: 'MOCK' })],
    ['uses a function outside the template', setProperties('WsConnectIntegration', { IntegrationUri: 'elsewhere' })],
  ])('selects none if the integration %s', async (_, change) => {
    const { listen } = await serve({}, change);
    const client = new WebSocket(await listen(), ['chat'], { headers: bearer('allow') });
    clients.push(client);
    const [error] = await once(client, 'error');
    expect(error.message).toBe('Server sent no subprotocol');
  });
});

test("a WebSocket API doesn't invoke the integration of $connect for a client without subprotocols", async () => {
  const { listen, countInvocations } = await serve();
  expect((await open(await listen(), bearer('allow'))).status).toBe(101);
  expect(countInvocations('Connect')).toBe(0);
});

test.each([
  ['text', 'hello'],
  ['bytes', Buffer.from([0, 255])],
])('a WebSocket API echoes a message of %s', async (_, message) => {
  const { listen } = await serve();
  const { client } = await open(await listen(), bearer('allow'));
  expect(await getEcho(client, message)).toEqual(message);
});

test('a WebSocket API closes the connection after a message of more than 128 KB', async () => {
  const { listen } = await serve();
  const { client } = await open(await listen(), bearer('allow'));
  const closed = once(client, 'close');
  client.send(Buffer.alloc(128 * 1024 + 1));
  const [code] = await closed;
  expect(code).toBe(1009);
});

test('a WebSocket API keeps a connection open after the authorizer starts to deny its token', async () => {
  const { listen, countInvocations } = await serve();
  const url = await listen();
  const { client } = await open(url, bearer('once'));
  expect((await open(url, bearer('once'))).status).toBe(403);
  expect(await getEcho(client, 'hello')).toBe('hello');
  expect(countInvocations('Check')).toBe(2);
});

describe('a request to a server with a WebSocket API', () => {
  /** Sends an upgrade request and returns the raw response. */
  async function upgradeTo(url: string, path: string, protocol: string): Promise<string> {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
    const lines = [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', `Upgrade: ${protocol}`, '', ''];
    socket.end(lines.join('\r\n'));
    return Buffer.concat(await socket.toArray()).toString();
  }

  test('receives 426 unless it is an upgrade to a WebSocket', async () => {
    const { listen } = await serve();
    const url = await listen();
    expect((await fetch(url.replace('ws:', 'http:'))).status).toBe(426);
    expect(await upgradeTo(url, '/ws/', 'h2c')).toMatch(/^HTTP\/1.1 426 /);
  });

  test('receives the usual response of another API despite the upgrade header', async () => {
    const { listen } = await serve();
    const url = await listen();
    for (const protocol of ['h2c', 'websocket']) {
      expect(await upgradeTo(url, '/rest/token', protocol)).toMatch(/^HTTP\/1.1 401 [^]*{"message":"Unauthorized"}$/);
    }
    expect(await upgradeTo(url, '/nowhere', 'websocket')).toMatch(/^HTTP\/1.1 404 /);
  });
});

test.each([
  ['WsDefault', { AuthorizationType: 'CUSTOM', AuthorizerId: 'WsCheck' }],
  ['WsConnect', { AuthorizationType: 'AWS_IAM' }],
  ['WsConnect', { AuthorizerId: 'Elsewhere' }],
])('the local gateway rejects a template whose resource %s has %j', async (id, properties) => {
  await expect(serve({}, setProperties(id, properties))).rejects.toThrow(GatewayError);
});
