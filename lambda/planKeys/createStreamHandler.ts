import { LatchkeyError } from '../../keys/errors.ts';
import { planChangeOf, sequenceNumberOf, type PlanChange } from './planChange.ts';
import type { PlanKeys } from './planKeys.ts';
import { StreamLog } from './streamLog.ts';

export interface StreamHandlerDeps {
  readonly planKeys: Pick<PlanKeys, 'put'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Takes one log line without its end. */
  readonly writeLog: (line: string) => void;
}

/** Where the stream is to begin again: from the first record that is named. */
export interface StreamAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export type StreamHandler = (event: unknown, context?: { readonly awsRequestId?: string }) => Promise<StreamAnswer>;

/**
 * What API Gateway says no to for one key and would say again: the account's 10,000 API keys are all there, or the usage plan
 * is gone. Whatever else fails may be over in a while, and is the same for every key.
 */
const PERMANENT: ReadonlySet<string> = new Set(['BadRequestException', 'LimitExceededException', 'NotFoundException']);

/**
 * Follows the table's stream, in its order. At the first failure that may be over in a while it stops there, and the stream
 * brings that record and those behind it again; a key that is refused for good is logged and passed over.
 */
export function createStreamHandler({ planKeys, now, writeLog }: StreamHandlerDeps): StreamHandler {
  const log = new StreamLog({ write: writeLog, now });
  return async (event, context) => {
    for (const streamRecord of recordsOf(event)) {
      let change: PlanChange | undefined;
      try {
        change = planChangeOf(streamRecord);
        if (change !== undefined) await planKeys.put(change.keyId, change.plan);
      } catch (error) {
        const origin = { requestId: context?.awsRequestId, ...change };
        if (!isPermanent(error)) {
          log.delayed(origin, error);
          return { batchItemFailures: [{ itemIdentifier: sequenceNumberOf(streamRecord) }] };
        }
        log.refused(origin, error);
      }
    }
    return { batchItemFailures: [] };
  };
}

function recordsOf(event: unknown): readonly unknown[] {
  const records: unknown =
    typeof event === 'object' && event !== null && 'Records' in event ? event.Records : undefined;
  if (Array.isArray(records)) return records;
  throw new LatchkeyError('EVENT_UNKNOWN', 'not an event of a DynamoDB stream');
}

function isPermanent(error: unknown): boolean {
  return error instanceof LatchkeyError || (error instanceof Error && PERMANENT.has(error.name));
}
