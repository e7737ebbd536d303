import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LimitStore } from '../../../keys/limitStore.ts';
import { LIMIT_ATTRIBUTES, limitSubjectOf, windowAt } from '../../../keys/limits.ts';
import { closedEndpoint, createClient, type Engine } from '../../support/engine.ts';
import { NOW_MS } from '../../support/keys.ts';
import { createLimitsTable } from '../../support/limitsTable.ts';
import { describeLimits } from './limitsContract.ts';

/** Describes `LimitStore` on a DynamoDB engine. */
export function describeLimitStore(name: string, start: () => Promise<Engine>): void {
  describe(name, () => {
    let engine: Engine;
    let client: DynamoDBDocumentClient;
    let unreachable: LimitStore;
    let opened = 0;
    beforeAll(async () => {
      engine = await start();
      client = DynamoDBDocumentClient.from(createClient(engine.endpoint, 1, engine.mostConnections));
      const closed = DynamoDBDocumentClient.from(createClient(await closedEndpoint()));
      unreachable = new LimitStore({ client: closed, tableName: 'limits', timeoutMs: 30_000 });
    }, 60_000);
    afterAll(async () => {
      client?.destroy();
      await engine?.stop();
    });

    /** Uses a long timeout, because a busy machine must not change a response. */
    const open = async () => {
      const tableName = `limits-${++opened}`;
      await createLimitsTable(client, tableName);
      return { tableName, store: new LimitStore({ client, tableName, timeoutMs: 30_000 }), unreachable };
    };
    describeLimits(name, open);

    test('stores items that explain themselves, and that DynamoDB deletes after their window', async () => {
      const { tableName, store } = await open();
      const throttle = { rateLimit: 0.3, burstLimit: 3 };
      const subject = limitSubjectOf(
        { id: 'one', plan: 'free', owner: 'acme' },
        { free: { throttle, quota: { limit: 5, period: 'day' }, per: 'owner' } },
      );
      if (subject === undefined) throw new Error('the plan has no limits');
      const window = windowAt('day', NOW_MS);
      await store.takeQuota({ subject, window, count: 2 });
      await store.takeThrottle({ subject, count: 1, nowMs: NOW_MS, from: 'restart' });
      const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
      const day = 86_400;
      expect(Items.toSorted((a, b) => (a['subject'] < b['subject'] ? -1 : 1))).toEqual([
        {
          subject: 'quota/day/2030-06-15/owner/free/acme',
          granted: 2,
          plan: 'free',
          limit: 5,
          period: 'day',
          purgeAfter: window.endsAtMs / 1000 + day,
        },
        {
          subject: 'throttle/free/owner/free/acme',
          tat: expect.closeTo(NOW_MS + 3333.33, 1),
          plan: 'free',
          ...throttle,
          purgeAfter: NOW_MS / 1000 + 10 + day,
        },
      ]);
      const names = Items.flatMap(Object.keys);
      expect(names.filter((attribute) => !LIMIT_ATTRIBUTES.includes(attribute))).toEqual([]);
    });
  });
}
