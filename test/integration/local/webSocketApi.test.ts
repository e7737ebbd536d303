import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { GatewayError } from '../../../local/gatewayError.ts';
import { setProperties } from './sampleStack.ts';
import { serve, stopServing } from './servedStack.ts';

const clients: WebSocket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await stopServing();
});

type Headers = Record<string, string | string[]>;

/** Asks for a connection; the status of the answer, and either the client or the body of the refusal. */
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

async function ask(client: WebSocket, message: string | Buffer) {
  const answered = once(client, 'message');
  client.send(message);
  const [data] = await answered;
  return JSON.parse(String(data));
}

const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the upgrade', () => {
  test('without its identity source is 401, and the function is not invoked', async () => {
    const { listen, countOf } = await serve();
    const url = await listen();
    for (const headers of [{}, { Authorization: '' }]) {
      const { status, body } = await open(url, headers);
      expect(status).toBe(401);
      expect(JSON.parse(String(body))).toMatchObject({ message: 'Unauthorized' });
    }
    expect(countOf('Check')).toBe(0);
  });

  test.each([
    ['unauthorized', 401, 'Unauthorized'],
    ['deny', 403, 'Forbidden'],
    ['almost', 500, 'Internal server error'],
    ['nested', 500, 'Internal server error'],
    ['noPolicy', 500, 'Internal server error'],
    ['simpleAllow', 500, 'Internal server error'],
  ])('with an authorizer that answers %s is %i, and $connect is not told', async (token, status, message) => {
    const { listen, countOf } = await serve();
    const refused = await open(await listen(), bearer(token));
    expect(refused.status).toBe(status);
    expect(JSON.parse(String(refused.body))).toEqual({
      message,
      connectionId: expect.any(String),
      requestId: expect.any(String),
    });
    expect(countOf('Socket')).toBe(0);
  });

  test('asks the authorizer with every value of headers and query, and no path', async () => {
    const { listen, eventsOf } = await serve();
    const url = await listen();
    await open(`${url}?a=1&a=2&b=x%20y`, { ...bearer('allow'), 'X-A': ['1', '2'], 'User-Agent': 'jest' });
    expect(eventsOf('Check')).toEqual([
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

  test('may take the key from the query', async () => {
    const { listen, countOf } = await serve(
      {},
      setProperties('WsCheck', { IdentitySource: ['route.request.querystring.api_key'] }),
    );
    const url = await listen();
    expect((await open(url, bearer('allow'))).status).toBe(401);
    expect(countOf('Check')).toBe(0);
    expect((await open(`${url}?api_key=k`, bearer('allow'))).status).toBe(101);
  });

  test('is authorized anew each time: no result is kept', async () => {
    const { listen, countOf } = await serve({}, setProperties('WsCheck', { AuthorizerResultTtlInSeconds: 300 }));
    const url = await listen();
    await open(url, bearer('allow'));
    await open(url, bearer('allow'));
    expect(countOf('Check')).toBe(2);
  });

  test('$connect is told who called, and may refuse by its status', async () => {
    const { listen, eventsOf } = await serve();
    const url = await listen();
    expect((await open(url, bearer('allow'))).status).toBe(101);
    expect((await open(url, { ...bearer('allow'), 'X-Status': '418' })).status).toBe(418);
    expect((await open(url, { ...bearer('allow'), 'X-Throw': '1' })).status).toBe(502);
    expect(eventsOf('Socket')[0]).toMatchObject({
      headers: { Authorization: 'Bearer allow' },
      stageVariables: { tenant: 'blue' },
      requestContext: { routeKey: '$connect', authorizer: { principalId: 'somebody', count: '1', yes: 'true' } },
      isBase64Encoded: false,
    });
    expect(eventsOf('Socket')[0]).not.toHaveProperty('queryStringParameters');
  });

  test('agrees to the subprotocol that $connect names', async () => {
    const { listen } = await serve();
    const { client } = await open(await listen(), bearer('allow'), ['chat']);
    expect(client.protocol).toBe('chat');
  });

  test('of an API without an authorizer is open', async () => {
    const { listen, countOf } = await serve({}, setProperties('WsConnect', { AuthorizationType: 'NONE' }));
    const { client, status } = await open(await listen(), {});
    expect(status).toBe(101);
    expect((await ask(client, 'hello')).requestContext).not.toHaveProperty('authorizer');
    expect(countOf('Check')).toBe(0);
  });
});

describe('a message', () => {
  async function connected() {
    const served = await serve();
    const { client } = await open(await served.listen(), bearer('allow'));
    return { ...served, client };
  }

  test('reaches the function of its route with the context of the upgrade, and the body comes back', async () => {
    const { client, eventsOf } = await connected();
    const connectionId = Object(eventsOf('Socket')[0]).requestContext.connectionId;
    expect(await ask(client, '{"action":"other"}')).toEqual({
      requestContext: expect.objectContaining({
        routeKey: '$default',
        eventType: 'MESSAGE',
        messageId: expect.any(String),
        connectionId,
        authorizer: { principalId: 'somebody', count: '1', yes: 'true', table: 'Keys', hasId: 'true' },
      }),
      body: '{"action":"other"}',
      isBase64Encoded: false,
    });
  });

  test('of a route without a route response is answered with nothing', async () => {
    const { client, eventsOf } = await connected();
    client.send('{"action":"tell"}');
    client.send('quiet');
    expect(await ask(client, 'hello')).toMatchObject({ body: 'hello' });
    const routeKeys = eventsOf('Socket').map((event) => Object(event).requestContext.routeKey);
    expect(routeKeys).toEqual(['$connect', 'tell', '$default', '$default']);
  });

  test.each(['not JSON', 'null', '[]', '{"action":{}}', '{"action":"$connect"}', '{"action":"$disconnect"}'])(
    'that says %s goes to $default',
    async (message) => {
      const { client } = await connected();
      expect(await ask(client, message)).toMatchObject({ requestContext: { routeKey: '$default' }, body: message });
    },
  );

  test('whose function fails is told so, and the connection stays', async () => {
    const { client } = await connected();
    expect(await ask(client, 'throw')).toMatchObject({ message: 'Internal server error' });
    expect(await ask(client, 'hello')).toMatchObject({ body: 'hello' });
  });

  test('for which there is no route is forbidden', async () => {
    const { listen } = await serve({}, ({ Resources }) => {
      delete Resources['WsDefault'];
    });
    const { client } = await open(await listen(), bearer('allow'));
    expect(await ask(client, '{"action":"other"}')).toMatchObject({ message: 'Forbidden' });
  });
});

test('a live connection outlasts what its authorizer would say now', async () => {
  const { listen, countOf } = await serve();
  const url = await listen();
  const { client } = await open(url, bearer('once'));
  expect((await open(url, bearer('once'))).status).toBe(403);
  expect(await ask(client, 'hello')).toMatchObject({ requestContext: { authorizer: { principalId: 'somebody' } } });
  expect(countOf('Check')).toBe(2);
});

test('$disconnect is told how the connection ended', async () => {
  const { listen, eventsOf, countOf } = await serve();
  const { client } = await open(await listen(), bearer('allow'));
  client.close(4000, 'enough');
  await until(() => countOf('Socket') === 2);
  expect(eventsOf('Socket')[1]).toMatchObject({
    requestContext: {
      routeKey: '$disconnect',
      eventType: 'DISCONNECT',
      disconnectStatusCode: 4000,
      disconnectReason: 'enough',
      authorizer: { principalId: 'somebody' },
    },
  });
});

describe('beside it', () => {
  /** The raw answer to a request that asks for an upgrade. */
  async function upgradeTo(url: string, path: string, protocol: string): Promise<string> {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
    const lines = [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', `Upgrade: ${protocol}`, '', ''];
    socket.end(lines.join('\r\n'));
    return Buffer.concat(await socket.toArray()).toString();
  }

  test('a request that is no upgrade is 426', async () => {
    const { listen } = await serve();
    const url = await listen();
    expect((await fetch(url.replace('ws:', 'http:'))).status).toBe(426);
    expect(await upgradeTo(url, '/ws/', 'h2c')).toMatch(/^HTTP\/1.1 426 /);
  });

  test('an upgrade that another API is asked for is not heeded', async () => {
    const { listen } = await serve();
    const url = await listen();
    for (const protocol of ['h2c', 'websocket']) {
      expect(await upgradeTo(url, '/rest/token', protocol)).toMatch(/^HTTP\/1.1 401 [^]*{"message":"Unauthorized"}$/);
    }
    expect(await upgradeTo(url, '/nowhere', 'websocket')).toMatch(/^HTTP\/1.1 404 /);
  });
});

test.each([
  ['Ws', { RouteSelectionExpression: '$request.header.x' }],
  ['WsSocket', { IntegrationType: 'MOCK' }],
  ['WsSocket', { RequestParameters: { 'integration.request.header.x': 'context.stage' } }],
  ['WsDefault', { AuthorizationType: 'CUSTOM', AuthorizerId: 'WsCheck' }],
  ['WsDefault', { RouteResponseSelectionExpression: 'other' }],
  ['WsConnect', { AuthorizationType: 'AWS_IAM' }],
  ['WsConnect', { AuthorizerId: 'Elsewhere' }],
])('%s with %j is refused', async (id, properties) => {
  await expect(serve({}, setProperties(id, properties))).rejects.toThrow(GatewayError);
});
