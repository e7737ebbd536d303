import type { KeyRecord } from '../../keys/record.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { NOW_MS } from './keys.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';

/** The handler on a table of these records, with a clock to turn and its log to read. */
export function handlerUnderTest(records: readonly KeyRecord[], environment: Record<string, string> = {}) {
  const lookup = new MemoryLookup(...records);
  const clock = { nowMs: NOW_MS };
  const log: string[] = [];
  const handler = createHandler({
    config: readConfig({ LATCHKEY_TABLE: 'keys', ...environment }),
    lookup,
    now: () => clock.nowMs,
    writeLog: (line) => log.push(line),
  });
  const invoke = (event: unknown) => handler(event, { awsRequestId: 'request-1' });
  const logged = () => log.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lookup, clock, log, logged, invoke };
}
