import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { LIMIT_ATTRIBUTE, LIMITS_PARTITION_KEY } from './limits.ts';
import { ConditionRefused, type Item, TableCalls, type TableCallsOptions } from './tableCalls.ts';

/** Reads and resets the counts of requests for operators. See `TableCalls` for its retries and errors. */
export class LimitsTable {
  readonly #options: TableCallsOptions;
  readonly #calls: TableCalls;

  constructor(options: TableCallsOptions) {
    this.#options = options;
    this.#calls = new TableCalls(options);
  }

  /** Returns the items of these subjects by their subjects, without missing items. */
  async read(subjects: readonly string[], consistentRead: boolean): Promise<ReadonlyMap<string, Item>> {
    const items = await this.#calls.readAll(subjects.map(toItemKey), consistentRead);
    return new Map(items.map((item) => [String(item[LIMITS_PARTITION_KEY]), item]));
  }

  /** Makes a quota's item begin at 0, and a throttle's item with a full burst. Doesn't create a missing item. */
  async reset(subject: string): Promise<void> {
    const { granted, tat } = LIMIT_ATTRIBUTE;
    const isQuota = subject.startsWith('quota/');
    const update = new UpdateCommand({
      TableName: this.#options.tableName,
      Key: toItemKey(subject),
      UpdateExpression: isQuota ? 'SET #counter = :none' : 'REMOVE #counter',
      ConditionExpression: 'attribute_exists(#counter)',
      ExpressionAttributeNames: { '#counter': isQuota ? granted : tat },
      ...(isQuota ? { ExpressionAttributeValues: { ':none': 0 } } : {}),
    });
    try {
      await this.#calls.send('reset', update, (options) => this.#options.client.send(update, options));
    } catch (error) {
      // The table has deleted the item, or another reset was faster.
      if (!(error instanceof ConditionRefused)) throw error;
    }
  }
}

function toItemKey(subject: string): Item {
  return { [LIMITS_PARTITION_KEY]: subject };
}
