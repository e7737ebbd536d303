import { getStoreErrorName } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { printable } from '../../keys/printable.ts';
import {
  isConcurrentModification,
  type PlanChange,
  planChangeOf,
  type UsagePlanSync,
  sequenceNumberOf,
  writtenAtOf,
} from './sync.ts';

export interface StreamHandlerDeps {
  readonly usagePlanSync: Pick<UsagePlanSync, 'put'>;
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
export function createStreamHandler({ usagePlanSync, now, writeLog }: StreamHandlerDeps): StreamHandler {
  const log = new StreamLog({ write: writeLog, now });
  return async (event, context) => {
    for (const streamRecord of recordsOf(event)) {
      let change: PlanChange | undefined;
      try {
        change = planChangeOf(streamRecord);
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

/** What may be logged, and nothing else: nothing of the stream's record but the key's id and its plan. */
interface LogLine {
  readonly level: 'WARN' | 'ERROR';
  readonly message: 'fault' | 'plan key tried again';
  readonly code: 'PLAN_KEY_REFUSED' | 'PLAN_KEY_DELAYED' | 'CONFIG_INVALID';
  readonly requestId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly plan?: string | undefined;
  /** The name that the SDK or the network gave the failure, or Latchkey's own code. */
  readonly cause?: string;
  readonly detail?: string;
}

/** Of which key a line tells, and in which invocation. */
export interface StreamLogOrigin {
  readonly requestId: string | undefined;
  readonly keyId?: string | undefined;
  readonly plan?: string | undefined;
}

export interface StreamLogOptions {
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Writes one JSON line for each key that the function could not keep up with, and none for the others. */
export class StreamLog {
  readonly #options: StreamLogOptions;

  constructor(options: StreamLogOptions) {
    this.#options = options;
  }

  /** A key that is passed over: nothing makes it good by itself. */
  refused(origin: StreamLogOrigin, error: unknown): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'PLAN_KEY_REFUSED', ...origin, cause: causeOf(error) });
  }

  /** A failure that holds up the key and those behind it until the stream brings them again. */
  delayed(origin: StreamLogOrigin, error: unknown): void {
    this.#write({
      level: 'WARN',
      message: 'plan key tried again',
      code: 'PLAN_KEY_DELAYED',
      ...origin,
      cause: causeOf(error),
    });
  }

  /** A setting that keeps the function from starting. */
  notStarted({ message: detail }: LatchkeyError): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'CONFIG_INVALID', detail });
  }

  #write(line: LogLine): void {
    const { write, now } = this.#options;
    write(printable(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line })));
  }
}

function causeOf(error: unknown): string {
  return error instanceof LatchkeyError ? error.code : getStoreErrorName(error);
}
