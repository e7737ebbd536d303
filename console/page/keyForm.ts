import type { JsonObject } from '../../keys/json.ts';
import type { NewKey } from '../../keys/fields.ts';
import type { KeyChanges } from '../../keys/registry.ts';
import { splitScopes } from '../../keys/scope.ts';
import { readTime, toTimestamp, type Timestamp } from '../../keys/timestamp.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { DAY_MS } from './keyList.ts';

/** The fields of a key as they stand in a form. */
export interface KeyForm {
  readonly label: string;
  readonly owner: string;
  /** Whether the key may do everything, or only what `scopes` has. */
  readonly isLimited: boolean;
  /** With spaces or commas between them. */
  readonly scopes: string;
  readonly plan: string;
  /** `keep`, `never`, a number of days from now, or `at` for the time in `expiresAt`. */
  readonly expiry: string;
  /** As a `datetime-local` control has it, in the zone of this machine. */
  readonly expiresAt: string;
  readonly metadata: string;
}

export const EMPTY_FORM: KeyForm = {
  label: '',
  owner: '',
  isLimited: false,
  scopes: '',
  plan: '',
  expiry: 'never',
  expiresAt: '',
  metadata: '',
};

/** A form that stands for the key as it is. */
export function formOf({ label, owner, scopes, plan, metadata, expiresAt }: ConsoleKey): KeyForm {
  return {
    label,
    owner: owner ?? '',
    isLimited: scopes !== undefined,
    scopes: scopes?.join(' ') ?? '',
    plan: plan ?? '',
    expiry: expiresAt === undefined ? 'never' : 'keep',
    expiresAt: '',
    metadata: metadata === undefined ? '' : JSON.stringify(metadata, null, 2),
  };
}

/** What a new key is issued with. Throws Error, for people, where the metadata or the time cannot be read. */
export function newKeyOf(form: KeyForm, nowMs: number): NewKey {
  const { label, owner, isLimited, plan } = form;
  const expiresAt = expiryOf(form, nowMs);
  const metadata = metadataOf(form);
  return {
    label,
    ...(owner === '' ? {} : { owner }),
    ...(isLimited ? { scopes: scopesIn(form) } : {}),
    ...(plan === '' ? {} : { plan }),
    ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
    ...(metadata === null ? {} : { metadata }),
  };
}

/** Only what the form has otherwise than the form that was begun with. Throws as `newKeyOf`. */
export function changesOf(form: KeyForm, begun: KeyForm, nowMs: number): KeyChanges {
  const expiresAt = form.expiry === begun.expiry && form.expiry !== 'at' ? undefined : expiryOf(form, nowMs);
  const hasOtherScopes = form.isLimited !== begun.isLimited || (form.isLimited && form.scopes !== begun.scopes);
  return {
    ...(form.label === begun.label ? {} : { label: form.label }),
    ...(form.owner === begun.owner ? {} : { owner: form.owner || null }),
    ...(hasOtherScopes ? { scopes: form.isLimited ? scopesIn(form) : null } : {}),
    ...(form.plan === begun.plan ? {} : { plan: form.plan || null }),
    ...(form.metadata === begun.metadata ? {} : { metadata: metadataOf(form) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** `null` for never, and `undefined` where the expiry stays as it is. */
export function expiryOf({ expiry, expiresAt }: Pick<KeyForm, 'expiry' | 'expiresAt'>, nowMs: number) {
  if (expiry === 'keep') return undefined;
  if (expiry === 'never') return null;
  if (expiry !== 'at') return toTimestamp(nowMs + Number(expiry) * DAY_MS);
  return localTime(expiresAt);
}

/** A time without a zone is by this machine's clock. Without a control for times, a browser lets any text be typed. */
function localTime(text: string): Timestamp {
  const time = readTime(text, { dateAs: 'end' });
  if (time !== undefined) return time;
  const withoutZone = readTime(text, { zone: 'UTC' })?.slice(0, -1);
  try {
    return toTimestamp(Date.parse(withoutZone ?? ''));
  } catch {
    throw new Error('expiry: wanted a date and a time, such as 2030-01-31T12:00');
  }
}

function scopesIn({ scopes }: KeyForm): readonly string[] {
  return splitScopes(scopes);
}

function metadataOf({ metadata }: KeyForm): JsonObject | null {
  if (metadata.trim() === '') return null;
  try {
    return JSON.parse(metadata);
  } catch {
    throw new Error('metadata: wanted a JSON object, such as {"seats":3}');
  }
}
