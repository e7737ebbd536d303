import { isDeepStrictEqual } from 'node:util';
import { LatchkeyError } from '../../keys/errors.ts';
import { isPlainObject } from '../../keys/json.ts';
import {
  type KeyChangeDetail,
  type KeyCreatedDetail,
  type KeyEvent,
  type KeyEventDetail,
  TRACKED_FIELDS,
  type TrackedChange,
  type TrackedField,
  type TrackedValue,
} from '../../keys/keyEvent.ts';
import { parseTimestamp, type Timestamp, toEpochMs, toTimestamp } from '../../keys/timestamp.ts';
import { fitEvent } from './fitEvent.ts';
import { type Image, type KeyWrite, readKeyWrite } from './keyWrite.ts';

/**
 * The largest difference between the clocks of an actor and of DynamoDB. The event has DynamoDB's time, in whole
 * seconds, if the actor's is further away.
 */
const MAX_SKEW_MS = 15 * 60_000;

/**
 * Returns the event for a record of the table's stream. Returns `undefined` if no field of the key changed, such as
 * after a last-used write. The result depends only on the record, so a repeat gives the same event with the same id.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN` for another record than one with old and new images; `RECORD_CORRUPT` without
 * a readable id or label, or if the event is too long
 */
export function toKeyEvent(streamRecord: unknown): KeyEvent | undefined {
  const write = readKeyWrite(streamRecord);
  const event = eventOf(write);
  return event === undefined ? undefined : fitEvent(event);
}

function eventOf(write: KeyWrite): KeyEvent | undefined {
  const { before, after } = write;
  if (after === undefined) return purged(write, before as Image);
  return before === undefined ? created(write, after) : changed(write, before, after);
}

function created(write: KeyWrite, image: Image): KeyEvent {
  const importedBy = image.text('importedBy');
  const isImported = importedBy !== undefined;
  const detail: KeyCreatedDetail = {
    ...basis(write, image, isImported ? undefined : image.text('createdAt')),
    actor: importedBy ?? image.text('createdBy') ?? corrupt(image, 'createdBy'),
    ...defined({
      scopes: image.texts('scopes'),
      allowedIps: image.texts('allowedIps'),
      expiresAt: time(image, 'expiresAt'),
      rotatedFrom: image.text('rotatedFrom'),
      ...(isImported && {
        imported: true as const,
        disabledAt: time(image, 'disabledAt'),
        revokedAt: time(image, 'revokedAt'),
      }),
    }),
  };
  return { type: 'KeyCreated', detail };
}

function purged(write: KeyWrite, image: Image): KeyEvent {
  const detail = {
    ...basis(write, image, undefined),
    reason: write.isByTtl ? ('expired' as const) : ('deleted' as const),
    ...defined({ rotatedFrom: image.text('rotatedFrom') }),
  };
  return { type: 'KeyPurged', detail };
}

/** Returns one event for a write, even if it changed several fields. Nothing gets lost: `changes` has all of them. */
function changed(write: KeyWrite, before: Image, after: Image): KeyEvent | undefined {
  const changes = changesOf(before, after);
  const changedMetadata = changedNames(before.map('metadata'), after.map('metadata'));
  if (Object.keys(changes).length + changedMetadata.length === 0) return undefined;
  const isAuthored = after.text('changedAt') !== before.text('changedAt');
  const actor = isAuthored ? after.text('changedBy') : stateActor(changes, after);
  const detail: KeyChangeDetail = {
    ...basis(write, after, isAuthored ? after.text('changedAt') : undefined),
    ...defined({ actor }),
    changes,
    ...(changedMetadata.length > 0 && { changedMetadata }),
  };
  const isSet = (field: TrackedField) => changes[field]?.from === null;
  if (isSet('revokedAt')) {
    return { type: 'KeyRevoked', detail: { ...detail, ...defined({ reason: after.text('revokedReason') }) } };
  }
  const rotatedTo = after.text('rotatedTo');
  if (isSet('rotatedTo') && rotatedTo !== undefined) {
    return {
      type: 'KeyRotated',
      detail: { ...detail, rotatedTo, ...defined({ expiresAt: time(after, 'expiresAt') }) },
    };
  }
  if (isSet('disabledAt')) return { type: 'KeyDisabled', detail };
  return { type: changes.disabledAt?.to === null ? 'KeyEnabled' : 'KeyUpdated', detail };
}

/** Returns the actor of a change by an older release. It stores only who disabled or revoked a key. */
function stateActor({ revokedAt, disabledAt }: KeyChangeDetail['changes'], after: Image): string | undefined {
  if (revokedAt?.from === null) return after.text('revokedBy');
  return disabledAt?.from === null ? after.text('disabledBy') : undefined;
}

function basis(write: KeyWrite, image: Image, actorsTime: string | undefined): KeyEventDetail {
  return {
    eventId: write.eventId,
    time: timeOf(write, actorsTime),
    id: image.text('id') ?? corrupt(image, 'id'),
    label: image.text('label') ?? corrupt(image, 'label'),
    ...defined({ owner: image.text('owner'), plan: image.text('plan'), keyPrefix: image.text('keyPrefix') }),
    version: image.version,
  };
}

/** Returns the actor's time, which has milliseconds, unless the actor's clock is wrong. */
function timeOf({ writtenAtMs }: KeyWrite, actorsTime: string | undefined): Timestamp {
  const parsed = parseTimestamp(actorsTime);
  if (parsed !== undefined && Math.abs(toEpochMs(parsed) - writtenAtMs) <= MAX_SKEW_MS) return parsed;
  return toTimestamp(writtenAtMs);
}

function changesOf(before: Image, after: Image): KeyChangeDetail['changes'] {
  const changes: { -readonly [Field in TrackedField]?: TrackedChange } = {};
  for (const field of TRACKED_FIELDS) {
    const change = { from: valueOf(before, field), to: valueOf(after, field) };
    if (!isDeepStrictEqual(change.from, change.to)) changes[field] = change;
  }
  return changes;
}

function valueOf(image: Image, field: TrackedField): TrackedValue {
  return image.text(field) ?? image.texts(field) ?? null;
}

function changedNames(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>) {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).toSorted();
}

function time(image: Image, name: string): Timestamp | undefined {
  return parseTimestamp(image.text(name));
}

function corrupt(image: Image, attribute: string): never {
  const keyId = image.text('id');
  throw new LatchkeyError('RECORD_CORRUPT', `the record of key ${keyId ?? '(no id)'} has an unreadable ${attribute}`, {
    keyId,
  });
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Omits undefined fields, because exact optional properties don't accept them. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** Returns the id of the key in a stream's record, for the dead letter of a record that gives no event. */
export function keyIdIn(streamRecord: unknown): string | undefined {
  const { dynamodb } = Object(streamRecord);
  for (const image of ['NewImage', 'OldImage']) {
    const { id } = Object(Object(dynamodb)[image]);
    if (isPlainObject(id) && typeof id['S'] === 'string') return id['S'];
  }
  return undefined;
}
