import { DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { REGISTRY_TRANSLATION } from '../../keys/registry.ts';
import { serialiseRecord, type KeyRecord } from '../../keys/record.ts';
import { createClient, startDynalite } from './engine.ts';

/** The table of a function under test, on its own engine. */
export interface FunctionTable {
  readonly endpoint: string;
  readonly client: DynamoDBDocumentClient;
  readonly put: (...records: readonly KeyRecord[]) => Promise<void>;
  readonly lastUsedAt: (record: KeyRecord) => Promise<unknown>;
  readonly items: () => Promise<readonly Record<string, unknown>[]>;
  readonly stop: () => Promise<void>;
}

/** Starts dynalite with the table `keys`. `functionEnvironment` uses the same name. */
export async function startFunctionTable(...records: readonly KeyRecord[]): Promise<FunctionTable> {
  const engine = await startDynalite();
  await engine.createTable('keys');
  // Retries, because the engine may close an idle connection just when the next call uses it.
  const client = DynamoDBDocumentClient.from(createClient(engine.endpoint, 3), REGISTRY_TRANSLATION);
  const put: FunctionTable['put'] = async (...records) => {
    const puts = records.map((record) => new PutCommand({ TableName: 'keys', Item: serialiseRecord(record) }));
    await Promise.all(puts.map((command) => client.send(command)));
  };
  await put(...records);
  return {
    endpoint: engine.endpoint,
    client,
    put,
    lastUsedAt: async ({ keyHash }) => {
      const { Item } = await client.send(new GetCommand({ TableName: 'keys', Key: { keyHash } }));
      return Item?.['lastUsedAt'];
    },
    items: async () => {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: 'keys' }));
      return Items;
    },
    stop: async () => {
      client.destroy();
      await engine.stop();
    },
  };
}
