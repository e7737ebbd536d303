// An execution environment in its own process. Usage: limiterProcess.ts ENDPOINT TABLE ALLOWED_FILE. Each message names
// a key and a number of requests. The process appends a byte to the file for each allowed request.
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LimitStore } from '../../keys/limitStore.ts';
import { limitSubjectOf } from '../../keys/limits.ts';
import { Limiter } from '../../lambda/limiter.ts';
import { createClient } from './engine.ts';
import { NOW_MS } from './keys.ts';

/** Takes requests of a key until the limit refuses one. */
export interface TakeMessage {
  readonly keyId: string;
  readonly limit: number;
  /** Pause after each request in milliseconds. */
  readonly pauseMs: number;
}

const [endpoint = '', tableName = '', allowedFile = ''] = process.argv.slice(2);
const client = DynamoDBDocumentClient.from(createClient(endpoint));
// A busy machine must not lose a response, because a lost response loses its lease.
const store = new LimitStore({ client, tableName, timeoutMs: 120_000 });
const file = openSync(allowedFile, 'a');
const startedAtMs = performance.now();
// The middle of a month, so no window ends during a test.
const now = () => NOW_MS + performance.now() - startedAtMs;

process.on('message', (message: TakeMessage) => void takeAll(message).then((code) => process.send?.(code)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function takeAll({ keyId, limit, pauseMs }: TakeMessage): Promise<string> {
  const limits = { trial: { quota: { limit, period: 'month' }, per: 'key' } } as const;
  const limiter = new Limiter({ store, limits, now });
  const subject = limitSubjectOf({ id: keyId, plan: 'trial' }, limits);
  if (subject === undefined) throw new Error('expected a plan with limits');
  for (;;) {
    const outcome = await limiter.take(subject, now());
    if (outcome.effect === 'unknown') throw outcome.error;
    if (outcome.effect === 'refuse') return outcome.code;
    writeSync(file, '1');
    if (pauseMs > 0) await sleepMs(pauseMs);
  }
}
