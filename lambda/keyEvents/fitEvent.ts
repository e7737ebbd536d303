import { LatchkeyError } from '../../keys/errors.ts';
import type { KeyEvent, TrackedChange } from '../../keys/keyEvent.ts';

/**
 * Maximum length of an event's detail as JSON, in bytes. EventBridge accepts entries of 256 KB, to which it adds its
 * envelope, and many targets don't accept more either ("Calculating PutEvents event entry size").
 */
export const MAX_DETAIL_BYTES = 200_000;

/**
 * Returns the event, without values if they are too long. The registry accepts no record that gives such an event. Only
 * another writer can store one.
 *
 * @throws LatchkeyError `RECORD_CORRUPT` if the event is too long even without values
 */
export function fitEvent(event: KeyEvent): KeyEvent {
  if (isShort(event)) return event;
  const shortened = withoutValues(event);
  if (isShort(shortened)) return shortened;
  const keyId = event.detail.id;
  throw new LatchkeyError('RECORD_CORRUPT', `the record of key ${keyId} is too long for an event`, { keyId });
}

function isShort({ detail }: KeyEvent): boolean {
  return Buffer.byteLength(JSON.stringify(detail)) <= MAX_DETAIL_BYTES;
}

function withoutValues(event: KeyEvent): KeyEvent {
  if (event.type === 'KeyCreated') {
    const { scopes: _scopes, allowedIps: _allowedIps, ...others } = event.detail;
    return { type: event.type, detail: { ...others, truncated: true } };
  }
  if (!('changes' in event.detail)) return event;
  const { changedMetadata: _changedMetadata, ...others } = event.detail;
  const changes = Object.fromEntries(
    Object.keys(others.changes).map((field): [string, TrackedChange] => [field, { from: null, to: null }]),
  );
  return { type: event.type, detail: { ...others, changes, truncated: true } } as KeyEvent;
}
