import { describe, expect, test } from '@jest/globals';
import type {
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayTokenAuthorizerEvent,
  AppSyncAuthorizerEvent,
  AppSyncIdentityLambda,
  APIGatewayProxyWithLambdaAuthorizerEvent,
} from 'aws-lambda';
import { handler as whoami } from '../../../infra/app/whoami.ts';
import {
  appSyncEvent,
  appSyncIdentity,
  createTestAuthorizer,
  createTestKey,
  httpApiEvent,
  httpApiIntegrationEvent,
  httpApiV1IntegrationEvent,
  restIntegrationEvent,
  restRequestEvent,
  restTokenEvent,
  webSocketConnectEvent,
  webSocketEvent,
  webSocketMessageEvent,
} from '../../../testing/index.ts';

const { secret, record } = createTestKey({ owner: 'acme', scopes: ['orders:read'], metadata: { plan: 'pro' } });
const { handler } = createTestAuthorizer({ records: [record] });

/** The context that the authorizer itself passes on for this key. */
async function contextOf(event: object): Promise<unknown> {
  const answer: { context?: unknown; resolverContext?: unknown } = await handler(event);
  return answer.context ?? answer.resolverContext;
}

test('httpApiEvent separates cookies from the headers', () => {
  const headers = [
    ['Cookie', 'a=b'],
    ['Accept', 'text/html'],
  ] as const;
  for (const event of [httpApiEvent({ headers }), httpApiIntegrationEvent(record, { headers })]) {
    expect(event).toMatchObject({ cookies: ['a=b'], headers: { accept: 'text/html' } });
    expect(event.headers).not.toHaveProperty('cookie');
  }
});

test("httpApiV1IntegrationEvent contains a parameter's single value in addition to the list of its values", () => {
  const query = [
    ['a', '1'],
    ['a', '2'],
  ] as const;
  expect(httpApiV1IntegrationEvent(record, { query })).toMatchObject({
    queryStringParameters: { a: '2' },
    multiValueQueryStringParameters: { a: ['1', '2'] },
  });
});

test('the identity source of an HTTP API event is the Authorization header', () => {
  expect(httpApiEvent({ key: secret, headers: [['Accept', 'text/html']] }).identitySource).toEqual([
    `Bearer ${secret}`,
  ]);
});

describe('the application behind the authorizer', () => {
  test.each([
    ['a REST API', restRequestEvent, restIntegrationEvent],
    ['an HTTP API of format 1.0', httpApiEvent, httpApiV1IntegrationEvent],
    ['the $connect route', webSocketEvent, webSocketConnectEvent],
    ['a route with a message', webSocketEvent, webSocketMessageEvent],
  ] as const)('receives the authorizer’s context and the principal from %s', async (_, toAuthorizer, received) => {
    const context = await contextOf(toAuthorizer({ key: secret }));
    const { requestContext } = received(record, { key: secret });
    expect(requestContext.authorizer).toEqual({ ...Object(context), principalId: record.id, integrationLatency: 0 });
  });

  test('receives the context as `lambda` from an HTTP API in format 2.0', async () => {
    const context = await contextOf(httpApiEvent({ key: secret }));
    expect(httpApiIntegrationEvent(record).requestContext.authorizer).toEqual({ lambda: context });
  });

  test('receives the context as `resolverContext` from AppSync', async () => {
    const context = await contextOf(appSyncEvent({ key: secret }));
    expect(appSyncIdentity(record)).toEqual({ resolverContext: context });
  });

  test.each([
    ['REST', restIntegrationEvent],
    ['HTTP 1.0', httpApiV1IntegrationEvent],
    ['HTTP 2.0', httpApiIntegrationEvent],
  ] as const)('receives the request from %s without the fields of the authorizer’s own event', async (_, received) => {
    const request = { key: secret, method: 'POST', path: '/orders/7', resource: '/orders/{id}', body: '{"n":1}' };
    const event = received(record, { ...request, pathParameters: { id: '7' }, context: { extra: 'yes' } });
    expect(event).toMatchObject({ body: '{"n":1}', isBase64Encoded: false, pathParameters: { id: '7' } });
    expect(Object.keys(event)).not.toEqual(expect.arrayContaining([expect.stringMatching(/Arn$|^type$|identity/)]));
    expect(Object.values(event.headers)).toEqual([`Bearer ${secret}`]);
    const { body } = await whoami(event);
    expect(JSON.parse(body)).toMatchObject({ keyId: record.id, owner: 'acme', scopes: 'orders:read', extra: 'yes' });
  });
});

test('the events have the types of @types/aws-lambda', () => {
  const withContext: APIGatewayProxyWithLambdaAuthorizerEvent<{ owner?: string }> = restIntegrationEvent(record);
  const proxy: readonly APIGatewayProxyEvent[] = [restIntegrationEvent(record), httpApiV1IntegrationEvent(record)];
  const proxyV2: APIGatewayProxyEventV2WithLambdaAuthorizer<Record<string, string>> = httpApiIntegrationEvent(record);
  const message: APIGatewayProxyWebsocketEventV2WithRequestContext<{ eventType: 'MESSAGE'; messageId: string }> =
    webSocketMessageEvent(record);
  const identity: AppSyncIdentityLambda = appSyncIdentity(record);
  const token: APIGatewayTokenAuthorizerEvent = restTokenEvent();
  const requestV2: APIGatewayRequestAuthorizerEventV2 = httpApiEvent({ pathParameters: {} });
  const graphql: AppSyncAuthorizerEvent = appSyncEvent();
  expect([withContext, ...proxy, proxyV2, message, identity, token, requestV2, graphql]).not.toContain(undefined);
});
