import type { KeyRecord } from '../../keys/record.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { NOW_MS } from './keys.ts';
import { MemoryLimits } from '../../testing/memoryLimits.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';

/** Returns a handler on a table with these records, and its clock, log and metrics. */
export function handlerUnderTest(records: readonly KeyRecord[], environment: Record<string, string> = {}) {
  const lookup = new MemoryLookup(...records);
  const limits = new MemoryLimits();
  const clock = { nowMs: NOW_MS };
  const log: string[] = [];
  const metricLines: string[] = [];
  const handler = createHandler({
    config: readConfig({ LATCHKEY_TABLE: 'keys', ...environment }),
    functionName: 'authorizer',
    lookup,
    limitStore: limits,
    now: () => clock.nowMs,
    random: () => 0.5,
    writeLog: (line) => (line.startsWith('{"_aws":') ? metricLines : log).push(line),
  });
  const invoke = (event: unknown) => handler(event, { awsRequestId: 'request-1' });
  const logged = () => log.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lookup, limits, clock, log, logged, metricLines, invoke };
}
