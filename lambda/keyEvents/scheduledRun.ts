import { LatchkeyError } from '../../keys/errors.ts';
import type { KeyEvent } from '../../keys/keyEvent.ts';
import { parseRecord } from '../../keys/record.ts';
import type { Item } from '../../keys/tableCalls.ts';
import type { EventLog } from './eventLog.ts';
import { dailyEvents } from './keysRun.ts';
import { type SpentQuota, spentQuota } from './quotaRun.ts';
import { type EventSinks, getCause } from './streamBatch.ts';

/** The input of a scheduled invocation: which run, and the time of its schedule. */
export interface ScheduledRun {
  /** `keys` finds keys that expire or are unused. `quotas` finds quotas that are nearly spent. */
  readonly run: 'keys' | 'quotas';
  readonly timeMs: number;
}

/** The table of limits. */
export interface QuotaSource {
  readonly tableName: string;
  /** Yields the items of quotas, a page at a time. */
  readonly pages: () => AsyncIterable<readonly Item[]>;
  /** Marks an item with the share that gave an event, in percent, so that later runs skip it. */
  readonly mark: (subject: string, percent: number) => Promise<void>;
  /** Returns the label and the owner of a key, if the table still has it. */
  readonly describeKey: (id: string) => Promise<{ readonly label?: string; readonly owner?: string }>;
}

export interface ScheduledRunDeps extends EventSinks {
  /** Yields the items of the table of keys, a page at a time. */
  readonly keyPages: () => AsyncIterable<readonly Item[]>;
  readonly unusedDays?: number | undefined;
  readonly quotas?: QuotaSource | undefined;
  readonly log: EventLog;
}

/**
 * Reads the input of a scheduled invocation. Returns `undefined` for another event.
 *
 * @throws LatchkeyError `INPUT_INVALID` for an unknown run or an unreadable time
 */
export function readScheduledRun(event: unknown): ScheduledRun | undefined {
  const { run, time } = Object(event);
  if (run === undefined) return undefined;
  const timeMs = typeof time === 'string' ? Date.parse(time) : NaN;
  if ((run === 'keys' || run === 'quotas') && !Number.isNaN(timeMs)) return { run, timeMs };
  throw new LatchkeyError(
    'INPUT_INVALID',
    'expected {"run": "keys" or "quotas", "time": an ISO 8601 time}, got another event',
  );
}

/**
 * Sends the events of a scheduled run. A failed event doesn't stop the run. An invocation that fails is repeated by
 * Lambda with the same input, and sends the same events with the same ids.
 *
 * @throws LatchkeyError `INTERNAL_ERROR` if any event could not be sent, without the values of a request
 */
export async function runScheduled({ run, timeMs }: ScheduledRun, deps: ScheduledRunDeps): Promise<void> {
  const { log } = deps;
  const sender = new EventSender(deps);
  try {
    const counts = run === 'keys' ? await runKeys(timeMs, deps, sender) : await runQuotas(timeMs, deps, sender);
    log.ran(run, { ...counts, sent: sender.sent, failed: sender.failed });
  } catch (error) {
    sender.cause = getCause(error);
  }
  if (sender.cause === undefined) return;
  log.runFailed(run, sender.cause);
  // The SDK's error may contain the request. Lambda logs the thrown error.
  throw new LatchkeyError('INTERNAL_ERROR', `the run of ${run} failed`);
}

async function runKeys(timeMs: number, { keyPages, unusedDays }: ScheduledRunDeps, sender: EventSender) {
  const counts = { keys: 0, corrupt: 0 };
  for await (const page of keyPages()) {
    const events = page.flatMap((item) => {
      counts.keys++;
      try {
        return dailyEvents(parseRecord(item), { timeMs, unusedDays });
      } catch (error) {
        if (!(error instanceof LatchkeyError) || error.code !== 'RECORD_CORRUPT') throw error;
        counts.corrupt++;
        return [];
      }
    });
    await sender.send(events);
  }
  return counts;
}

async function runQuotas(timeMs: number, { quotas }: ScheduledRunDeps, sender: EventSender) {
  const counts = { quotas: 0 };
  if (quotas === undefined) return counts;
  const { tableName } = quotas;
  for await (const page of quotas.pages()) {
    counts.quotas += page.length;
    const spent = page.flatMap((item) => spentQuota(item, { timeMs, tableName }) ?? []);
    const events: KeyEvent[] = [];
    for (const quota of spent) events.push(await toEvent(quota, quotas));
    const unsent = await sender.send(events);
    // A mark before the event would lose the event if sending fails.
    for (const { subject, detail } of spent) {
      if (!unsent.has(detail.eventId)) await quotas.mark(subject, detail.percent);
    }
  }
  return counts;
}

async function toEvent({ detail }: SpentQuota, { describeKey }: QuotaSource): Promise<KeyEvent> {
  const described = detail.id === undefined ? {} : await describeKey(detail.id);
  return { type: 'QuotaNearlySpent', detail: { ...detail, ...described } };
}

/** Sends the events of one run, and counts them. */
class EventSender {
  sent = 0;
  failed = 0;
  /** The code of the first failure. */
  cause: string | undefined;
  readonly #sinks: EventSinks;

  constructor(sinks: EventSinks) {
    this.#sinks = sinks;
  }

  /** Returns the ids of the events that EventBridge doesn't have. */
  async send(events: readonly KeyEvent[]): Promise<ReadonlyMap<string, string>> {
    const { history, publisher } = this.#sinks;
    await history?.store.put(events, history.retentionDays);
    const { refused, failed } = await publisher.publish(events);
    const unsent = new Map([...refused, ...failed]);
    this.sent += events.length - unsent.size;
    this.failed += unsent.size;
    this.cause ??= [...unsent.values()][0];
    return unsent;
  }
}
