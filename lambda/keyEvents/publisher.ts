import { getStoreErrorName } from '../../keys/dynamodb.ts';
import { KEY_EVENT_SOURCE, type KeyEvent } from '../../keys/keyEvent.ts';
import { toEpochMs } from '../../keys/timestamp.ts';

/** An entry of EventBridge's PutEvents. */
export interface EventEntry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Time: Date;
  readonly EventBusName: string;
  readonly Resources: string[];
}

/** The result of one entry. It has an `ErrorCode` if EventBridge didn't accept the entry. */
export interface EntryResult {
  readonly ErrorCode?: string | undefined;
}

export interface PublisherOptions {
  /** Sends at most 10 entries. Returns their results in order. Rejects if the whole call failed. */
  readonly send: (entries: readonly EventEntry[]) => Promise<readonly EntryResult[]>;
  /** The name or the ARN of the event bus. */
  readonly busName: string;
  /** The ARN of the table of keys. Every event has it as its resource. */
  readonly tableArn: string;
  /** Resolves after about this many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** The events that EventBridge doesn't have: event id → the error's name. */
export interface Unpublished {
  /** The events that EventBridge always rejects. */
  readonly refused: ReadonlyMap<string, string>;
  /** The events to send again, including those that follow another failed event of their key. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Maximum number of entries in one call, and their maximum length in bytes ("Amazon EventBridge quotas"). */
const MAX_ENTRIES = 10;
const MAX_BYTES = 250_000;

/** Delays before each retry of failed entries, in milliseconds. */
const PAUSES_MS: readonly number[] = [100, 400];

/** The codes of entries that a retry doesn't fix ("PutEventsResultEntry", EventBridge API Reference). */
const PERMANENT: ReadonlySet<string> = new Set([
  'InvalidArgument',
  'MalformedDetail',
  'NotAuthorizedForSourceException',
]);

interface Prepared {
  readonly eventId: string;
  /** The events of one subject are sent in order. */
  readonly subject: string;
  readonly entry: EventEntry;
}

/**
 * Sends events to EventBridge. The events of one key are sent in order: the next one is sent only after EventBridge has
 * accepted the one before.
 */
export class EventPublisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Sends the events. Returns those that EventBridge doesn't have. */
  async publish(events: readonly KeyEvent[]): Promise<Unpublished> {
    const unpublished = { refused: new Map<string, string>(), failed: new Map<string, string>() };
    let open = events.map((event) => this.#prepare(event));
    while (open.length > 0) {
      const { wave, later } = splitWave(open);
      for (const chunk of chunksOf(wave)) await this.#sendChunk(chunk, unpublished);
      const blocked = new Set(
        wave.filter(({ eventId }) => unpublished.failed.has(eventId)).map(({ subject }) => subject),
      );
      for (const { eventId, subject } of later) {
        if (blocked.has(subject)) unpublished.failed.set(eventId, 'an earlier event of the key failed');
      }
      open = later.filter(({ subject }) => !blocked.has(subject));
    }
    return unpublished;
  }

  #prepare({ type, detail }: KeyEvent): Prepared {
    const { busName, tableArn } = this.#options;
    const entry: EventEntry = {
      Source: KEY_EVENT_SOURCE,
      DetailType: type,
      Detail: JSON.stringify(detail),
      Time: new Date(toEpochMs(detail.time)),
      EventBusName: busName,
      Resources: [tableArn],
    };
    return { eventId: detail.eventId, subject: detail.id ?? detail.eventId, entry };
  }

  async #sendChunk(chunk: readonly Prepared[], unpublished: Record<keyof Unpublished, Map<string, string>>) {
    let open = chunk;
    for (let tries = 0; open.length > 0; tries++) {
      const codes = await this.#codesOf(open);
      const failures = open.flatMap((event, at) => (codes[at] === undefined ? [] : [{ event, code: codes[at] }]));
      for (const { event, code } of failures) {
        if (PERMANENT.has(code)) unpublished.refused.set(event.eventId, code);
      }
      const again = failures.filter(({ code }) => !PERMANENT.has(code));
      const pauseMs = PAUSES_MS[tries];
      if (pauseMs === undefined) {
        for (const { event, code } of again) unpublished.failed.set(event.eventId, code);
        return;
      }
      open = again.map(({ event }) => event);
      if (open.length > 0) await this.#options.wait(pauseMs);
    }
  }

  /** Returns the error code of each entry, and `undefined` for an accepted one. */
  async #codesOf(events: readonly Prepared[]): Promise<readonly (string | undefined)[]> {
    try {
      const results = await this.#options.send(events.map(({ entry }) => entry));
      return events.map((_, at) => (results[at] === undefined ? 'no result' : results[at].ErrorCode));
    } catch (error) {
      return events.map(() => getStoreErrorName(error));
    }
  }
}

/** Returns the first open event of each subject, and all others. */
function splitWave(events: readonly Prepared[]): Record<'wave' | 'later', readonly Prepared[]> {
  const seen = new Set<string>();
  const wave: Prepared[] = [];
  const later: Prepared[] = [];
  for (const event of events) {
    (seen.has(event.subject) ? later : wave).push(event);
    seen.add(event.subject);
  }
  return { wave, later };
}

function* chunksOf(events: readonly Prepared[]): Generator<readonly Prepared[], void, undefined> {
  let chunk: Prepared[] = [];
  let bytes = 0;
  for (const event of events) {
    const length = sizeOf(event.entry);
    if (chunk.length === MAX_ENTRIES || (chunk.length > 0 && bytes + length > MAX_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(event);
    bytes += length;
  }
  if (chunk.length > 0) yield chunk;
}

function sizeOf({ Source, DetailType, Detail, Resources }: EventEntry): number {
  const timeBytes = 14;
  return timeBytes + Buffer.byteLength([Source, DetailType, Detail, ...Resources].join(''));
}
