import { type ExpiryForm, successorExpiry, toExpiry } from '../components/expiry.ts';
import { EXPIRY_CHOICES, type ExpiryChoice } from '../components/expiryChoices.ts';
import { DAY_MS } from '../components/urgency.ts';
import { type Timestamp, toTimestamp } from '../keys/timestamp.ts';
import type { KeysLanguage } from './keysLanguage.ts';
import type { OwnedKey, OwnedKeyFields, OwnerAccess } from './ownedKey.ts';

/** The fields of a key in a form. */
export interface KeyForm extends ExpiryForm {
  readonly label: string;
  /** The checked scopes. */
  readonly scopes: readonly string[];
  /** Empty if the owner can't choose a plan. */
  readonly plan: string;
  /** Addresses and blocks, one in each line. */
  readonly allowedIps: string;
}

/** Returns the form of a new key: all scopes, the first plan, and the longest lifetime. */
export function newForm({ scopes, plans, maxLifetimeSeconds }: OwnerAccess): KeyForm {
  return {
    label: '',
    scopes: scopes ?? [],
    plan: plans?.[0] ?? '',
    expiry: maxLifetimeSeconds === null ? 'never' : 'keep',
    expiresAt: '',
    allowedIps: '',
  };
}

/** Returns a form with the fields of a key. */
export function toForm({ label, scopes, plan, allowedIps, expiresAt }: OwnedKey): KeyForm {
  return {
    label,
    scopes: scopes ?? [],
    plan: plan ?? '',
    expiry: expiresAt === undefined ? 'never' : 'keep',
    expiresAt: '',
    allowedIps: allowedIps?.join('\n') ?? '',
  };
}

/**
 * Returns the fields of a new key.
 *
 * @throws Error with a message for the form, if the label is blank or the expiry can't be parsed
 */
export function toNewKey(form: KeyForm, access: OwnerAccess, nowMs: number, language: KeysLanguage): OwnedKeyFields {
  requireLabel(form, language);
  const expiresAt = toExpiry(form, nowMs, language);
  const allowedIps = splitLines(form.allowedIps);
  return {
    label: form.label,
    ...(access.scopes === null ? {} : { scopes: form.scopes }),
    ...(access.plans === null ? {} : { plan: form.plan }),
    ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
    ...(allowedIps.length === 0 ? {} : { allowedIps }),
  };
}

/**
 * Returns only the fields that differ between a form and the key.
 *
 * @throws Error with a message for the form, if the label is blank or the expiry can't be parsed
 */
export function toChanges(form: KeyForm, record: OwnedKey, nowMs: number, language: KeysLanguage): OwnedKeyFields {
  requireLabel(form, language);
  const original = toForm(record);
  const isSameExpiry = form.expiry === original.expiry && form.expiry !== 'at';
  const expiresAt = isSameExpiry ? undefined : toExpiry(form, nowMs, language);
  const allowedIps = splitLines(form.allowedIps);
  return {
    ...(form.label === original.label ? {} : { label: form.label }),
    ...(isSameList(form.scopes, original.scopes) ? {} : { scopes: form.scopes }),
    ...(form.plan === original.plan ? {} : { plan: form.plan }),
    ...(isSameList(allowedIps, record.allowedIps ?? [])
      ? {}
      : { allowedIps: allowedIps.length === 0 ? null : allowedIps }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** Returns the choices of an expiry that the longest lifetime allows. */
export function expiryChoices({ maxLifetimeSeconds }: OwnerAccess): readonly ExpiryChoice[] {
  if (maxLifetimeSeconds === null) return EXPIRY_CHOICES;
  const isShortEnough = (choice: ExpiryChoice) =>
    choice === 'at' || (choice !== 'never' && Number(choice) * DAY_MS < maxLifetimeSeconds * 1000);
  return EXPIRY_CHOICES.filter(isShortEnough);
}

/** Returns the expiry of a new key with the longest lifetime. */
export function longestExpiry({ maxLifetimeSeconds }: OwnerAccess, nowMs: number): Timestamp | null {
  return maxLifetimeSeconds === null ? null : toTimestamp(nowMs + maxLifetimeSeconds * 1000);
}

/** Returns the expiry of a successor that lives as long as the old key, but not longer than is allowed. */
export function sameExpiry(record: OwnedKey, access: OwnerAccess, nowMs: number): Timestamp | null | undefined {
  const longest = longestExpiry(access, nowMs);
  const same = successorExpiry(record, nowMs);
  if (longest === null || same === undefined) return same;
  return same === null || same > longest ? longest : same;
}

function requireLabel({ label }: KeyForm, { texts }: KeysLanguage): void {
  if (label.trim() === '') throw new Error(`label: ${texts.labelMissing}`);
}

function splitLines(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter((entry) => entry !== '');
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join(' ') === other.toSorted().join(' ');
}
