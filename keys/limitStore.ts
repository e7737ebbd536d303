import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { requireJsonObject, translateStoreFault, withinMs } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import {
  LIMITS_PARTITION_KEY,
  type LimitTaker,
  quotaSubject,
  type QuotaAsk,
  latestTatMs,
  THROTTLE_SLACK_MS,
  type ThrottleAsk,
  throttleSubject,
} from './limits.ts';

export interface LimitStoreOptions {
  /** A client that sends each call once. A second attempt could take the same requests again. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** Maximum duration of a call in milliseconds. */
  readonly timeoutMs?: number;
}

/** An item outlives its window by a day, so an operator can still read it. */
const KEPT_SECONDS = 86_400;

type Values = Readonly<Record<string, number | string>>;

/** Takes requests from the limits in DynamoDB. Each operation is one conditional UpdateItem with one attempt. */
export class LimitStore implements LimitTaker {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #timeoutMs: number;

  constructor({ client, tableName, timeoutMs = 300 }: LimitStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Takes requests from a quota. Its window never grants more than the limit. A lost answer leaves the requests taken.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`
   */
  async takeQuota({ subject, window, count }: QuotaAsk): Promise<number | undefined> {
    const { limits, plan, who } = subject;
    const { quota } = limits;
    if (quota === undefined || count > quota.limit) return undefined;
    const { limit, period } = quota;
    return this.#update(quotaSubject(period, window, who), 'granted', {
      set: '#granted = if_not_exists(#granted, :none) + :count',
      condition: 'attribute_not_exists(#granted) OR #granted <= :most',
      values: { none: 0, count, most: limit - count },
      shown: { plan, limit, period, purgeAfter: Math.ceil(window.endsAtMs / 1000) + KEPT_SECONDS },
    });
  }

  /**
   * Takes requests from a throttle by the generic cell rate algorithm. The stored time is at most a burst ahead of the
   * environment's time.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`
   */
  async takeThrottle({ subject, count, nowMs, from }: ThrottleAsk): Promise<number | undefined> {
    const { limits, plan, who } = subject;
    const { throttle } = limits;
    if (throttle === undefined || count > throttle.burstLimit) return undefined;
    const { rateLimit, burstLimit } = throttle;
    const costMs = (count * 1000) / rateLimit;
    const burstMs = (burstLimit * 1000) / rateLimit;
    const expressions =
      from === 'continue'
        ? {
            set: '#tat = #tat + :cost',
            condition: '#tat BETWEEN :least AND :most',
            values: { cost: costMs, least: nowMs - THROTTLE_SLACK_MS, most: latestTatMs(throttle, { count, nowMs }) },
          }
        : {
            set: '#tat = :next',
            condition: 'attribute_not_exists(#tat) OR #tat < :least',
            values: { next: nowMs + costMs, least: nowMs - THROTTLE_SLACK_MS },
          };
    const purgeAfter = Math.ceil((nowMs + burstMs) / 1000) + KEPT_SECONDS;
    return this.#update(throttleSubject(plan, who), 'tat', {
      ...expressions,
      shown: { plan, rateLimit, burstLimit, purgeAfter },
    });
  }

  async #update(
    subject: string,
    counter: 'granted' | 'tat',
    { set, condition, values, shown }: { set: string; condition: string; values: Values; shown: Values },
  ): Promise<number | undefined> {
    const names = Object.keys(shown);
    const command = new UpdateCommand({
      TableName: this.#tableName,
      Key: { [LIMITS_PARTITION_KEY]: subject },
      UpdateExpression: `SET ${[set, ...names.map((name) => `#${name} = :${name}`)].join(', ')}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries([counter, ...names].map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries({ ...values, ...shown }).map(([name, value]) => [`:${name}`, value]),
      ),
      ReturnValues: 'UPDATED_NEW',
    });
    requireJsonObject(command);
    const update = withinMs(this.#timeoutMs, async (abortSignal) => {
      const { Attributes } = await this.#client.send(command, { abortSignal });
      return readCounter(Attributes?.[counter]);
    });
    return update.catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return undefined;
      return translateStoreFault('write of a limit')(error);
    });
  }
}

function readCounter(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new LatchkeyError('STORE_UNAVAILABLE', 'the write of a limit failed: the answer has no counter');
}
