import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CALL_TIMEOUT_MS, getStoreErrorName, withinMs } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import type { LogRange } from './runRollUp.ts';

export interface ReadLogDeps {
  readonly client: CloudWatchLogsClient;
  /** Returns the time in milliseconds that is left for reading. */
  readonly remainingMs: () => number;
}

/**
 * Yields the lines of a part of a log. A page may be empty although others follow ("FilterLogEvents", CloudWatch Logs
 * API Reference).
 *
 * @throws LatchkeyError `STORE_UNAVAILABLE` if CloudWatch fails, or if the time is over
 */
export async function* readLog(
  { logGroup, filterPattern, startMs, endMs }: LogRange,
  { client, remainingMs }: ReadLogDeps,
): AsyncGenerator<string, void, undefined> {
  let nextToken: string | undefined;
  do {
    if (remainingMs() < CALL_TIMEOUT_MS) {
      throw new LatchkeyError('STORE_UNAVAILABLE', `the log ${logGroup} has more lines than one run can read`);
    }
    const command = new FilterLogEventsCommand({
      logGroupName: logGroup,
      filterPattern,
      startTime: startMs,
      endTime: endMs,
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    const page = await withinMs(CALL_TIMEOUT_MS, (abortSignal) => client.send(command, { abortSignal })).catch(
      (cause: unknown) => {
        throw new LatchkeyError('STORE_UNAVAILABLE', `cannot read the log ${logGroup}: ${getStoreErrorName(cause)}`);
      },
    );
    for (const { message } of page.events ?? []) if (message !== undefined) yield message;
    ({ nextToken } = page);
  } while (nextToken !== undefined);
}
