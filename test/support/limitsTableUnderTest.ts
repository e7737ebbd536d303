import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type LimitPeriod, quotaSubject, throttleSubject, windowAt } from '../../keys/limits.ts';
import { NOW_MS } from './keys.ts';
import { createLimitsTable } from './limitsTable.ts';

/** The item of a quota in its current window. */
export interface QuotaItem {
  /** The last part of the subject, such as `key/ID`. */
  readonly who: string;
  readonly granted: number;
  readonly plan?: string;
  readonly limit?: number;
  readonly period?: LimitPeriod;
}

/** A table of limits, and functions to prepare and inspect it. */
export class LimitsTableUnderTest {
  readonly tableName: string;
  readonly #client: DynamoDBDocumentClient;
  readonly #now: () => number;

  private constructor(client: DynamoDBDocumentClient, tableName: string, now: () => number) {
    this.#client = client;
    this.tableName = tableName;
    this.#now = now;
  }

  /** Creates an empty table, and waits until it's active. */
  static async create(
    client: DynamoDBDocumentClient,
    tableName: string,
    now = () => NOW_MS,
  ): Promise<LimitsTableUnderTest> {
    await createLimitsTable(client, tableName);
    return new LimitsTableUnderTest(client, tableName, now);
  }

  /** Stores a quota's item, as the authorizer does. Returns its subject. */
  async putQuota({ who, granted, plan = 'free', limit = 1000, period = 'day' }: QuotaItem): Promise<string> {
    const subject = quotaSubject(period, windowAt(period, this.#now()), who);
    await this.put({ subject, granted, plan, limit, period, purgeAfter: this.#purgeAfter() });
    return subject;
  }

  /** Stores the item of a throttle of 5 requests per second in bursts of 10. Returns its subject. */
  async putThrottle(who: string, tat: number): Promise<string> {
    const subject = throttleSubject('free', who);
    await this.put({ subject, tat, plan: 'free', rateLimit: 5, burstLimit: 10, purgeAfter: this.#purgeAfter() });
    return subject;
  }

  #purgeAfter(): number {
    return Math.ceil(this.#now() / 1000) + 86_400;
  }

  async put(item: Record<string, unknown>): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.tableName, Item: item }));
  }

  async remove(subject: string): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.tableName, Key: { subject } }));
  }

  async item(subject: string): Promise<Record<string, unknown> | undefined> {
    return (await this.#client.send(new GetCommand({ TableName: this.tableName, Key: { subject } }))).Item;
  }
}
