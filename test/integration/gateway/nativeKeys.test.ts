import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Stack } from 'aws-cdk-lib';
import { MockIntegration, PassthroughBehavior, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { type KeyRecord, serialiseRecord } from '../../../keys/record.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { createClient } from '../../support/engine.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import { makeKey } from '../../support/keys.ts';
import { synthesize } from '../../support/synthesize.ts';

/** The values of API keys of API Gateway. */
const NATIVE = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0';
const UNKNOWN = 'T0s9R8q7P6o5N4m3L2k1J0i9H8g7F6e5D4c3B2a1';

/** The first stage of docs/migrating-from-api-gateway-keys.md, on a REST API and a WebSocket API. */
function buildStack(stack: Stack): void {
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
    table: new ApiKeyTable(stack, 'Keys'),
    keySources: ['header:x-api-key', 'bearer'],
    externalKeys: true,
    usageIdentifier: 'presented-key',
    plans: { free: { throttle: { rateLimit: 1, burstLimit: 2 } } },
  });
  const integration = new MockIntegration({
    passthroughBehavior: PassthroughBehavior.NEVER,
    integrationResponses: [{ statusCode: '200' }],
  });
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
  api.root.addResource('orders').addMethod('GET', integration, {
    authorizer: authorizer.forRestApi(),
    apiKeyRequired: true,
  });
  authorizer.addGatewayResponses(api);
  authorizer.applyPlans(api);
  const webSocketApi = new WebSocketApi(stack, 'WebSocket', {
    connectRouteOptions: {
      integration: new WebSocketMockIntegration('Connect'),
      authorizer: authorizer.forWebSocketApi(),
    },
  });
  new WebSocketStage(stack, 'Live', { webSocketApi, stageName: 'live', autoDeploy: true });
  authorizer.applyPlans(webSocketApi);
}

const imported = (fields: Partial<KeyRecord> = {}): KeyRecord => ({
  ...makeKey(fields).record,
  keyHash: hashSecret(NATIVE as KeySecret),
});

describe('an API that passes API Gateway’s own keys through', () => {
  let gateway: Gateway;
  let documents: DynamoDBDocumentClient;
  beforeAll(async () => {
    gateway = await startGateway(synthesize(buildStack));
    documents = DynamoDBDocumentClient.from(createClient(gateway.endpoint));
    await put(imported({ plan: 'gold' }));
  }, 60_000);
  afterAll(async () => {
    documents?.destroy();
    await gateway?.stop();
  });

  const put = (record: KeyRecord) =>
    documents.send(new PutCommand({ TableName: gateway.tableName, Item: serialiseRecord(record) }));
  const issue = async (plan?: string) => {
    const { secret, record } = makeKey(plan === undefined ? {} : { plan });
    await put(record);
    return secret;
  };
  const request = (key?: string, header = 'x-api-key') =>
    fetch(gateway.url.replace('whoami', 'orders'), key === undefined ? {} : { headers: { [header]: key } });
  const connect = (key: string): Promise<number> => {
    const socket = new WebSocket(gateway.webSocketUrl, { headers: { 'x-api-key': key } });
    return new Promise((resolve, reject) => {
      socket.on('open', () => {
        socket.close();
        resolve(101);
      });
      socket.on('unexpected-response', (_, response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', reject);
    });
  };

  test('accepts an imported key in the header that its owner already sends', async () => {
    expect((await request(NATIVE)).status).toBe(200);
    expect((await request(NATIVE, 'X-API-Key')).status).toBe(200);
    expect(await connect(NATIVE)).toBe(101);
    expect(gateway.log()).not.toContain(NATIVE);
  });

  test.each([undefined, 'free'])('accepts a key that Latchkey issued if its plan is %p', async (plan) => {
    const key = await issue(plan);
    expect((await request(key)).status).toBe(200);
    expect(await connect(key)).toBe(101);
  });

  test('rejects a key that Latchkey issued if the deployment lacks its plan', async () => {
    const key = await issue('gold');
    const response = await request(key);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'PLAN_UNAVAILABLE' } });
    expect(await connect(key)).toBe(403);
  });

  test('rejects a key that isn’t in the table', async () => {
    const response = await request(UNKNOWN);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_KEY' } });
    expect(await connect(UNKNOWN)).toBe(403);
  });

  test('rejects a request without a key', async () => {
    expect((await request()).status).toBe(401);
  });
});
