import { LatchkeyError } from '../../keys/errors.ts';
import { readScheduledRun, runScheduled, type ScheduledRunDeps } from './scheduledRun.ts';
import { processBatch, type StreamAnswer, type StreamBatchDeps } from './streamBatch.ts';

export type KeyEventsHandler = (event: unknown) => Promise<StreamAnswer | undefined>;

/**
 * Creates the handler of the table's stream and of the schedules.
 *
 * @throws LatchkeyError for an event of another kind, or a scheduled run that failed
 */
export function createKeyEventsHandler(deps: StreamBatchDeps & ScheduledRunDeps): KeyEventsHandler {
  return async (event) => {
    const { Records: records } = Object(event);
    if (Array.isArray(records)) return processBatch(records, deps);
    const run = readScheduledRun(event);
    if (run === undefined)
      throw new LatchkeyError('EVENT_UNKNOWN', 'expected an event of a DynamoDB stream or a schedule');
    await runScheduled(run, deps);
    return undefined;
  };
}
