import { getStoreErrorName } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { printable } from '../../keys/printable.ts';
import {
  isConcurrentModification,
  type PlanChange,
  readPlanChange,
  type UsagePlanSync,
  sequenceNumberOf,
  writtenAtOf,
} from './sync.ts';

export interface StreamHandlerDeps {
  readonly usagePlanSync: Pick<UsagePlanSync, 'put'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Writes one log line. The line doesn't end with a line break. */
  readonly writeLog: (line: string) => void;
}

/** The record from which the stream resumes. The list is empty if all records were processed. */
export interface StreamAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export type StreamHandler = (event: unknown, context?: { readonly awsRequestId?: string }) => Promise<StreamAnswer>;

/** Errors of API Gateway that a retry can't fix: an invalid request, or a deleted usage plan. */
const PERMANENT: ReadonlySet<string> = new Set(['BadRequestException', 'NotFoundException']);

/**
 * Errors that a retry may or may not fix. AWS uses one name for too many requests and for the limit of 10,000 API keys.
 * It uses another for concurrent writes, and for API keys that somebody else created or put on a plan.
 */
const UNCERTAIN: ReadonlySet<string> = new Set(['ConflictException', 'LimitExceededException']);

/**
 * Maximum age of a write that is retried after an uncertain error, in milliseconds. A key that API Gateway always
 * rejects delays the other keys by at most this duration. It is shorter than the delay that raises an alarm.
 */
const UNCERTAIN_FOR_MS = 3 * 60_000;

/**
 * Processes the table's stream in order. It stops at the first failure that a retry may fix. The stream then delivers
 * that record and the following ones again. It logs and skips a key that API Gateway always rejects.
 */
export function createStreamHandler({ usagePlanSync, now, writeLog }: StreamHandlerDeps): StreamHandler {
  const log = new StreamLog({ write: writeLog, now });
  return async (event, context) => {
    for (const streamRecord of getRecords(event)) {
      let change: PlanChange | undefined;
      try {
        change = readPlanChange(streamRecord);
        if (change !== undefined) await usagePlanSync.put(change);
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

function getRecords(event: unknown): readonly unknown[] {
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

/** The fields that may be logged. It logs only the key's id and plan from the stream's record. */
interface LogLine {
  readonly level: 'WARN' | 'ERROR';
  readonly message: 'fault' | 'plan key tried again';
  readonly code: 'PLAN_KEY_REFUSED' | 'PLAN_KEY_DELAYED' | 'CONFIG_INVALID';
  readonly requestId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly plan?: string | undefined;
  /** The error name from the SDK or the network, or Latchkey's own code. */
  readonly cause?: string;
  readonly detail?: string;
}

/** The key and the invocation that a log line belongs to. */
export interface StreamLogOrigin {
  readonly requestId: string | undefined;
  readonly keyId?: string | undefined;
  readonly plan?: string | undefined;
}

export interface StreamLogOptions {
  /** Writes one line. The line doesn't end with a line break. */
  readonly write: (line: string) => void;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** Writes one JSON line for each skipped or delayed key. It doesn't log other keys. */
export class StreamLog {
  readonly #options: StreamLogOptions;

  constructor(options: StreamLogOptions) {
    this.#options = options;
  }

  /** Logs a key that is skipped, because a retry wouldn't fix it. */
  refused(origin: StreamLogOrigin, error: unknown): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'PLAN_KEY_REFUSED', ...origin, cause: getCause(error) });
  }

  /** Logs a failure that delays the key and the following ones until the stream delivers them again. */
  delayed(origin: StreamLogOrigin, error: unknown): void {
    this.#write({
      level: 'WARN',
      message: 'plan key tried again',
      code: 'PLAN_KEY_DELAYED',
      ...origin,
      cause: getCause(error),
    });
  }

  /** Logs an invalid setting that stops the cold start. */
  notStarted({ message: detail }: LatchkeyError): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'CONFIG_INVALID', detail });
  }

  #write(line: LogLine): void {
    const { write, now } = this.#options;
    write(printable(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line })));
  }
}

function getCause(error: unknown): string {
  return error instanceof LatchkeyError ? error.code : getStoreErrorName(error);
}
