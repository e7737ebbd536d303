import { getStoreErrorName } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import type { HistoryStore } from '../../keys/historyStore.ts';
import type { KeyEvent } from '../../keys/keyEvent.ts';
import type { DeadLetter } from './deadLetters.ts';
import type { EventLog } from './eventLog.ts';
import type { EventPublisher } from './publisher.ts';
import { keyIdIn, toKeyEvent } from './toKeyEvent.ts';

/** Where events go. */
export interface EventSinks {
  readonly publisher: Pick<EventPublisher, 'publish'>;
  /** The history table, if the deployment has one. */
  readonly history?: { readonly store: Pick<HistoryStore, 'put'>; readonly retentionDays: number } | undefined;
}

export interface StreamBatchDeps extends EventSinks {
  /** Sends messages to the dead-letter queue. Rejects if the queue doesn't accept all of them. */
  readonly bury: (letters: readonly DeadLetter[]) => Promise<void>;
  readonly log: EventLog;
}

/** The record from which the stream resumes. The list is empty if all records were processed. */
export interface StreamAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** A record with what became of it. */
interface Processed {
  readonly sequenceNumber: string;
  readonly event?: KeyEvent;
  readonly letter?: DeadLetter;
}

/**
 * Sends the events of a batch of the stream, each of them at least once. The history gets an event before EventBridge
 * does. A record that never gives an event goes to the dead-letter queue, and the batch goes on. The stream delivers the
 * first record again whose event failed for another reason, and all records after it.
 */
export async function processBatch(records: readonly unknown[], deps: StreamBatchDeps): Promise<StreamAnswer> {
  const batch = records.map(processRecord);
  const first = batch[0];
  if (first === undefined) return { batchItemFailures: [] };
  const events = batch.flatMap(({ event }) => event ?? []);
  try {
    await deps.history?.store.put(events, deps.history.retentionDays);
    const { refused, failed } = await deps.publisher.publish(events);
    const failure = batch.find(({ event }) => event !== undefined && failed.has(event.detail.eventId));
    const done = failure === undefined ? batch : batch.slice(0, batch.indexOf(failure));
    const letters = done.flatMap((each) => each.letter ?? refusedLetter(each, refused) ?? []);
    // The records after a failure come again, and with them their dead letters.
    if (letters.length > 0) await deps.bury(letters);
    for (const letter of letters) deps.log.buried(letter);
    if (failure === undefined) return { batchItemFailures: [] };
    deps.log.delayed(failure.event?.detail, failed.get(failure.event?.detail.eventId ?? '') ?? 'unknown');
    return { batchItemFailures: [{ itemIdentifier: failure.sequenceNumber }] };
  } catch (error) {
    deps.log.delayed(first.event?.detail, getCause(error));
    return { batchItemFailures: [{ itemIdentifier: first.sequenceNumber }] };
  }
}

function processRecord(streamRecord: unknown): Processed {
  const { eventID, dynamodb } = Object(streamRecord);
  const sequenceNumber = String(Object(dynamodb).SequenceNumber);
  try {
    const event = toKeyEvent(streamRecord);
    return event === undefined ? { sequenceNumber } : { sequenceNumber, event };
  } catch (error) {
    const eventId = typeof eventID === 'string' ? eventID : undefined;
    return { sequenceNumber, letter: { eventId, keyId: keyIdIn(streamRecord), sequenceNumber, code: getCause(error) } };
  }
}

function refusedLetter(
  { sequenceNumber, event }: Processed,
  refused: ReadonlyMap<string, string>,
): DeadLetter | undefined {
  const code = event && refused.get(event.detail.eventId);
  if (event === undefined || code === undefined) return undefined;
  const { eventId, id: keyId } = event.detail;
  return { eventId, keyId, sequenceNumber, code, type: event.type };
}

/** Returns Latchkey's own code, or the error's name. */
export function getCause(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return getStoreErrorName(error);
  return error.cause === undefined ? error.code : getStoreErrorName(error.cause);
}
