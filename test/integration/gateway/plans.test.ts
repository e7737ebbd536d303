import type { Stack } from 'aws-cdk-lib';
import { MockIntegration, PassthroughBehavior, Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { createClient } from '../../support/engine.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import { synthesize } from '../../support/synthesize.ts';

function buildStack(stack: Stack): void {
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
    table: new ApiKeyTable(stack, 'Keys'),
    plans: {
      free: { throttle: { rateLimit: 1, burstLimit: 2 }, quota: { limit: 1000, period: Period.MONTH } },
      pro: { throttle: { rateLimit: 100, burstLimit: 200 }, shared: true },
    },
  });
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
  const integration = new MockIntegration({
    passthroughBehavior: PassthroughBehavior.NEVER,
    integrationResponses: [{ statusCode: '200' }],
  });
  api.root.addResource('orders').addMethod('GET', integration, { authorizer: authorizer.forRestApi() });
  authorizer.addGatewayResponses(api);
  authorizer.applyPlans(api);
}

describe('a REST API with usage plans', () => {
  let gateway: Gateway;
  let registry: KeyRegistry;
  beforeAll(async () => {
    gateway = await startGateway(synthesize(buildStack));
    const client = DynamoDBDocumentClient.from(createClient(gateway.endpoint));
    registry = new KeyRegistry({ client, tableName: gateway.tableName, actor: 'tests' });
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
  });

  const requestWith = async (plan?: string) => {
    const { secret } = await registry.issue({ label: 'ci', ...(plan === undefined ? {} : { plan }) });
    const url = gateway.url.replace('whoami', 'orders');
    return fetch(url, { headers: { Authorization: `Bearer ${secret}` } });
  };

  test.each([undefined, 'free', 'pro'])('accepts a key whose plan is %p', async (plan) => {
    expect((await requestWith(plan)).status).toBe(200);
  });

  test('returns 403 for a key with an unknown plan', async () => {
    const response = await requestWith('gold');
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      success: false,
      data: null,
      error: { code: 'PLAN_UNAVAILABLE' },
      pagination: null,
    });
    await gateway.logged('"code":"PLAN_UNKNOWN"');
    expect(gateway.log()).toContain('"plan":"gold"');
  });
});
