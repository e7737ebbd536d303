import { LatchkeyError } from '../../keys/errors.ts';
import { isPlainObject } from '../../keys/json.ts';
import { readVersion } from '../../keys/record.ts';

/** A write to the table, from a record of its stream. */
export interface KeyWrite {
  /** The stream's id of the record. A repeat has the same one. */
  readonly eventId: string;
  /** The time of the write by DynamoDB's clock, in epoch milliseconds. It's precise to a second. */
  readonly writtenAtMs: number;
  /** The item before the write. Absent if the write created it. */
  readonly before?: Image;
  /** The item after the write. Absent if the write deleted it. */
  readonly after?: Image;
  /** Whether DynamoDB deleted the item after its TTL ("DynamoDB Streams and Time to Live"). */
  readonly isByTtl: boolean;
}

/**
 * Reads a record of the stream.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN` for another record than one with old and new images
 */
export function readKeyWrite(streamRecord: unknown): KeyWrite {
  const { eventID, eventName, dynamodb, userIdentity } = Object(streamRecord);
  const { ApproximateCreationDateTime: seconds, OldImage, NewImage } = Object(dynamodb);
  const before = readImage(OldImage);
  const after = readImage(NewImage);
  const hasImages = (eventName === 'INSERT' || before !== undefined) && (eventName === 'REMOVE' || after !== undefined);
  if (typeof eventID !== 'string' || typeof seconds !== 'number' || !isWriteName(eventName) || !hasImages) {
    throw new LatchkeyError('EVENT_UNKNOWN', 'expected a record of a stream with new and old images');
  }
  return {
    eventId: eventID,
    writtenAtMs: Math.round(seconds * 1000),
    ...(before !== undefined && eventName !== 'INSERT' && { before }),
    ...(after !== undefined && eventName !== 'REMOVE' && { after }),
    isByTtl: Object(userIdentity).principalId === 'dynamodb.amazonaws.com' && Object(userIdentity).type === 'Service',
  };
}

function isWriteName(name: unknown): boolean {
  return name === 'INSERT' || name === 'MODIFY' || name === 'REMOVE';
}

function readImage(image: unknown): Image | undefined {
  return isPlainObject(image) ? new Image(image) : undefined;
}

/**
 * An item in DynamoDB's JSON. An attribute of another type counts as absent: the event of a revocation must not be
 * missing because another attribute of the record is corrupt.
 */
export class Image {
  readonly #attributes: Readonly<Record<string, unknown>>;

  constructor(attributes: Readonly<Record<string, unknown>>) {
    this.#attributes = attributes;
  }

  /** Returns a string attribute. */
  text(name: string): string | undefined {
    return textIn(this.#attributes[name]);
  }

  /** Returns an attribute that is a list of strings. */
  texts(name: string): readonly string[] | undefined {
    const list: unknown = Object(this.#attributes[name]).L;
    if (!Array.isArray(list)) return undefined;
    const texts = list.map(textIn).filter((text) => text !== undefined);
    return texts.length === list.length ? texts : undefined;
  }

  /** Returns the members of a map in DynamoDB's JSON. It's empty if the attribute isn't a map. */
  map(name: string): Readonly<Record<string, unknown>> {
    const members: unknown = Object(this.#attributes[name]).M;
    return isPlainObject(members) ? members : {};
  }

  /** The record's version, or 0 if it's absent. */
  get version(): number {
    return readVersion(Number(Object(this.#attributes['version']).N ?? 0)) ?? 0;
  }
}

function textIn(value: unknown): string | undefined {
  const text: unknown = Object(value).S;
  return typeof text === 'string' ? text : undefined;
}
