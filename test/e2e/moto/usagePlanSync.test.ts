import { APIGatewayClient, CreateUsagePlanCommand, paginateGetUsagePlanKeys } from '@aws-sdk/client-api-gateway';
import { UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect, test } from '@jest/globals';
import { KeyRegistry } from '../../../keys/registry.ts';
import { createStreamHandler } from '../../../lambda/usagePlanSync/streamEvents.ts';
import { UsagePlanSync } from '../../../lambda/usagePlanSync/sync.ts';
import { createClient, startMoto } from '../../support/engine.ts';
import { readStream } from '../../support/readStream.ts';
import { describeUsagePlanSync } from '../../support/usagePlanSyncContract.ts';

describeUsagePlanSync('moto', startMoto);

test("the usage plan sync follows the registry's writes through the table's stream", async () => {
  const engine = await startMoto();
  try {
    const dynamoDb = createClient(engine.endpoint);
    await engine.createTable('keys');
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const };
    const { TableDescription } = await dynamoDb.send(
      new UpdateTableCommand({ TableName: 'keys', StreamSpecification }),
    );
    const registry = new KeyRegistry({
      client: DynamoDBDocumentClient.from(dynamoDb),
      tableName: 'keys',
      actor: 'tests',
    });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new APIGatewayClient({ endpoint: engine.endpoint, region: 'us-east-1', credentials });
    const usagePlanIds = new Map<string, string>();
    for (const name of ['free', 'trial'])
      usagePlanIds.set(name, (await client.send(new CreateUsagePlanCommand({ name }))).id ?? '');

    const stays = await registry.issue({ label: 'stays', plan: 'free' });
    const moves = await registry.issue({ label: 'moves', plan: 'free' });
    const leaves = await registry.issue({ label: 'leaves', plan: 'free' });
    await registry.issue({ label: 'has none' });
    await registry.update(stays.record.id, { owner: 'acme' });
    await registry.update(moves.record.id, { plan: 'trial' });
    await registry.update(leaves.record.id, { plan: null });

    const log: string[] = [];
    const handler = createStreamHandler({
      usagePlanSync: new UsagePlanSync({
        client,
        namespace: '0123456789abcdef',
        usagePlanIds,
        sharedUsagePlanIds: [],
        wait: () => Promise.resolve(),
      }),
      now: Date.now,
      writeLog: (line) => log.push(line),
    });
    const Records = await readStream(engine.endpoint, TableDescription?.LatestStreamArn ?? '');
    expect(Records).toHaveLength(7);
    expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
    expect(log).toEqual([]);
    for (const [plan, { record }] of [
      ['free', stays],
      ['trial', moves],
    ] as const) {
      const names: unknown[] = [];
      const usagePlanId = usagePlanIds.get(plan) ?? '';
      for await (const { items = [] } of paginateGetUsagePlanKeys({ client }, { usagePlanId }))
        names.push(...items.map(({ name }) => name));
      expect(names).toContain(`latchkey-${record.id}/0123456789abcdef`);
    }
    dynamoDb.destroy();
    client.destroy();
  } finally {
    await engine.stop();
  }
}, 60_000);
