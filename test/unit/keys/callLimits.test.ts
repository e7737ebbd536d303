import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from '@jest/globals';
import { CALL_LIMITS } from '../../../keys/dynamodb.ts';
import { closedEndpoint } from '../../support/engine.ts';

test('a client with the limits tries three times, and is set to wait 3 s for a connection and 8 s for an answer', async () => {
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: await closedEndpoint(),
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...CALL_LIMITS,
  });
  try {
    await expect(client.send(new ListTablesCommand())).rejects.toMatchObject({ $metadata: { attempts: 3 } });
    const handler: { handle: unknown; httpHandlerConfigs?: () => object } = client.config.requestHandler;
    expect(handler.httpHandlerConfigs?.()).toMatchObject({
      connectionTimeout: 3000,
      requestTimeout: 8000,
      throwOnRequestTimeout: true,
    });
  } finally {
    client.destroy();
  }
});
