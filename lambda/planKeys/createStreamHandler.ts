import { LatchkeyError } from '../../keys/errors.ts';
import { planChangeOf, sequenceNumberOf, writtenAtOf, type PlanChange } from './planChange.ts';
import { isConcurrentModification, type PlanKeys } from './planKeys.ts';
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

/** What API Gateway says no to for one key and would say again: what it was asked, or that the usage plan is gone. */
const PERMANENT: ReadonlySet<string> = new Set(['BadRequestException', 'NotFoundException']);

/**
 * What may be over in a moment, or never. AWS has one name for too many requests and for 10,000 API keys that are all there, and one
 * for another write at the same time and for an API key that is somebody else's, or that somebody else put on a plan.
 */
const UNCERTAIN: ReadonlySet<string> = new Set(['ConflictException', 'LimitExceededException']);

/**
 * For how long after its write a key is tried again at what is uncertain. So one that is refused for good holds up no other for longer,
 * and less than an alarm takes for far behind.
 */
const UNCERTAIN_FOR_MS = 3 * 60_000;

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
        if (change !== undefined) await planKeys.put(change);
      } catch (error) {
        const origin = { requestId: context?.awsRequestId, keyId: change?.keyId, plan: change?.plan };
        const isOld = now() - (writtenAtOf(streamRecord) ?? 0) >= UNCERTAIN_FOR_MS;
        if (!isPermanent(error) && !(isOld && isUncertain(error))) {
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
  if (error instanceof LatchkeyError) return error.code !== 'CONFLICT';
  return error instanceof Error && PERMANENT.has(error.name);
}

function isUncertain(error: unknown): boolean {
  if (error instanceof LatchkeyError) return true;
  return error instanceof Error && UNCERTAIN.has(error.name) && !isConcurrentModification(error);
}
