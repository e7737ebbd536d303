import { type DynamoDBDocumentClient, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { DEFAULT_RETRY_OPTIONS } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { LIMITS_PARTITION_KEY, QUOTA_WARNED } from '../../keys/limits.ts';
import { parseRecord } from '../../keys/record.ts';
import type { RegistryStore } from '../../keys/store.ts';
import { ConditionRefused, type Item, TableCalls } from '../../keys/tableCalls.ts';
import type { QuotaSource } from './scheduledRun.ts';

export interface QuotaTableOptions {
  readonly client: DynamoDBDocumentClient;
  /** The name of the table of limits. */
  readonly tableName: string;
  /** The table of keys. */
  readonly keys: Pick<RegistryStore, 'findHash' | 'read'>;
}

/** Returns the table of limits as the source of the events about quotas. It throws `STORE_UNAVAILABLE` for a failure. */
export function quotaTable({ client, tableName, keys }: QuotaTableOptions): QuotaSource {
  const calls = new TableCalls({ client, tableName, retryOptions: DEFAULT_RETRY_OPTIONS });
  return {
    tableName,
    pages: () => quotaPages(client, tableName, calls),
    mark: (subject, percent) => mark({ subject, percent }, { client, tableName, calls }),
    describeKey: (id) => describeKey(id, keys),
  };
}

/** The most items of one read. The function sends their events before it reads on. */
const PAGE_SIZE = 1000;

/** Yields all items of the table of keys, a page at a time. The reads are eventually consistent. */
export async function* tablePages(keys: Pick<RegistryStore, 'scan'>): AsyncGenerator<readonly Item[], void, undefined> {
  let startKey: Item | undefined;
  do {
    const { items, lastKey } = await keys.scan({ limit: PAGE_SIZE, startKey });
    yield items;
    startKey = lastKey;
  } while (startKey !== undefined);
}

async function* quotaPages(client: DynamoDBDocumentClient, tableName: string, calls: TableCalls) {
  let startKey: Item | undefined;
  do {
    const scan = new ScanCommand({
      TableName: tableName,
      FilterExpression: 'begins_with(#subject, :quota)',
      ExpressionAttributeNames: { '#subject': LIMITS_PARTITION_KEY },
      ExpressionAttributeValues: { ':quota': 'quota/' },
      ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
    });
    const { Items = [], LastEvaluatedKey } = await calls.send('scan of limits', scan, (options) =>
      client.send(scan, options),
    );
    yield Items;
    startKey = LastEvaluatedKey;
  } while (startKey !== undefined);
}

interface Mark {
  readonly subject: string;
  readonly percent: number;
}

interface MarkContext extends Pick<QuotaTableOptions, 'client' | 'tableName'> {
  readonly calls: TableCalls;
}

/** Doesn't create an item that the table has deleted, and doesn't replace the mark of a higher share. */
async function mark({ subject, percent }: Mark, { client, tableName, calls }: MarkContext): Promise<void> {
  const update = new UpdateCommand({
    TableName: tableName,
    Key: { [LIMITS_PARTITION_KEY]: subject },
    UpdateExpression: 'SET #warned = :percent',
    ConditionExpression: 'attribute_exists(#subject) AND (attribute_not_exists(#warned) OR #warned < :percent)',
    ExpressionAttributeNames: { '#subject': LIMITS_PARTITION_KEY, '#warned': QUOTA_WARNED },
    ExpressionAttributeValues: { ':percent': percent },
  });
  try {
    await calls.send('mark of a quota', update, (options) => client.send(update, options));
  } catch (error) {
    if (!(error instanceof ConditionRefused)) throw error;
  }
}

/** The first key of a rotation may be deleted already, or its record may be corrupt. The event has only its id then. */
async function describeKey(
  id: string,
  keys: QuotaTableOptions['keys'],
): Promise<{ readonly label?: string; readonly owner?: string }> {
  try {
    const keyHash = await keys.findHash(id, []);
    const item = keyHash && (await keys.read(keyHash));
    if (item === undefined) return {};
    const { label, owner } = parseRecord(item);
    return { label, ...(owner !== undefined && { owner }) };
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'RECORD_CORRUPT') return {};
    throw error;
  }
}
