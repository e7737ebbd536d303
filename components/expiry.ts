import type { PublicRecord } from '../keys/record.ts';
import { readTime, type Timestamp, toEpochMs, toTimestamp } from '../keys/timestamp.ts';
import { exactTime } from './exactTime.ts';
import { fill, IN_ENGLISH, type Language } from './language.ts';
import { DAY_MS } from './urgency.ts';

/** The choice of an expiry in a form. */
export interface ExpiryForm {
  /** `keep`, `never`, a number of days from now, or `at` for the time in `expiresAt`. */
  readonly expiry: string;
  /** The value of a `datetime-local` control, in this machine's time zone. */
  readonly expiresAt: string;
}

/**
 * Returns the expiry. `null` means that the key never expires. `undefined` means that the expiry doesn't change.
 *
 * @throws Error with a message for the form, if the time can't be parsed
 */
export function toExpiry({ expiry, expiresAt }: ExpiryForm, nowMs: number, { texts }: Language = IN_ENGLISH) {
  if (expiry === 'keep') return undefined;
  if (expiry === 'never') return null;
  if (expiry !== 'at') return toTimestamp(nowMs + Number(expiry) * DAY_MS);
  const time = parseTime(expiresAt);
  if (time === undefined) throw new Error(`expiry: ${texts.expiryInvalid}`);
  return time;
}

/** Parses a time without a zone in this machine's zone. Users can type any text in browsers without a time control. */
function parseTime(text: string): Timestamp | undefined {
  const time = readTime(text, { dateAs: 'end' });
  if (time !== undefined) return time;
  const ms = Date.parse(readTime(text, { zone: 'UTC' })?.slice(0, -1) ?? '');
  return Number.isNaN(ms) ? undefined : toTimestamp(ms);
}

/** Returns when the old key of a rotation stops working: after the grace period, or sooner at its own expiry. */
export function oldKeyEnd(
  { expiresAt }: Pick<PublicRecord, 'expiresAt'>,
  graceSeconds: number,
  nowMs: number,
): Timestamp {
  const afterGrace = toTimestamp(nowMs + graceSeconds * 1000);
  return expiresAt !== undefined && expiresAt < afterGrace ? expiresAt : afterGrace;
}

/**
 * Returns the expiry of a successor that lives as long as the old key. `null` means never. `undefined` means that the
 * user must choose an expiry, because the old key's lifetime can't be repeated.
 */
export function successorExpiry(
  { createdAt, expiresAt }: Pick<PublicRecord, 'createdAt' | 'expiresAt'>,
  nowMs: number,
): Timestamp | null | undefined {
  if (expiresAt === undefined) return null;
  const lifeMs = toEpochMs(expiresAt) - toEpochMs(createdAt);
  return lifeMs > 0 && nowMs + lifeMs < Date.UTC(10_000, 0) ? toTimestamp(nowMs + lifeMs) : undefined;
}

/** Returns the preview of an expiry. `undefined` means that the time isn't complete yet. */
export function expiryPreview(expiresAt: Timestamp | null | undefined, language: Language): string {
  const { texts } = language;
  if (expiresAt === undefined) return texts.expiryMissing;
  return expiresAt === null ? texts.expiryNone : fill(texts.expiryOn, { time: exactTime(expiresAt, language) });
}
