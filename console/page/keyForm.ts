import { type ExpiryForm, toExpiry } from '../../components/expiry.ts';
import type { JsonObject } from '../../keys/json.ts';
import type { NewKey } from '../../keys/fields.ts';
import type { KeyChanges } from '../../keys/registry.ts';
import { splitScopes } from '../../keys/scope.ts';
import type { ConsoleKey } from './consoleKey.ts';

/** The fields of a key in a form. */
export interface KeyForm extends ExpiryForm {
  readonly label: string;
  readonly owner: string;
  /** `true` if the key is limited to `scopes`. Otherwise it has full access. */
  readonly isLimited: boolean;
  /** The scopes, separated by spaces or commas. */
  readonly scopes: string;
  readonly plan: string;
  /** The IP addresses and CIDR blocks, separated by spaces, commas or line breaks. Empty allows every address. */
  readonly allowedIps: string;
  readonly metadata: string;
}

export const EMPTY_FORM: KeyForm = {
  label: '',
  owner: '',
  isLimited: false,
  scopes: '',
  plan: '',
  allowedIps: '',
  expiry: 'never',
  expiresAt: '',
  metadata: '',
};

/** Returns a form with the fields of a key. */
export function toForm({ label, owner, scopes, plan, allowedIps, metadata, expiresAt }: ConsoleKey): KeyForm {
  return {
    label,
    owner: owner ?? '',
    isLimited: scopes !== undefined,
    scopes: scopes?.join(' ') ?? '',
    plan: plan ?? '',
    allowedIps: allowedIps?.join('\n') ?? '',
    expiry: expiresAt === undefined ? 'never' : 'keep',
    expiresAt: '',
    metadata: metadata === undefined ? '' : JSON.stringify(metadata, null, 2),
  };
}

/**
 * Returns the fields of a new key.
 *
 * @throws Error with a message for the form, if the label is blank or the metadata or the expiry can't be parsed
 */
export function toNewKey(form: KeyForm, nowMs: number): NewKey {
  const { label, owner, isLimited, plan } = form;
  requireLabel(form);
  const expiresAt = toExpiry(form, nowMs);
  const metadata = parseMetadata(form);
  const allowedIps = splitRanges(form);
  return {
    label,
    ...(owner === '' ? {} : { owner }),
    ...(isLimited ? { scopes: splitScopes(form.scopes) } : {}),
    ...(plan === '' ? {} : { plan }),
    ...(allowedIps.length === 0 ? {} : { allowedIps }),
    ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
    ...(metadata === null ? {} : { metadata }),
  };
}

/**
 * Returns only the fields that differ between a form and the original form.
 *
 * @throws Error with a message for the form, if the label is blank or the metadata or the expiry can't be parsed
 */
export function getChanges(form: KeyForm, original: KeyForm, nowMs: number): KeyChanges {
  const expiresAt = form.expiry === original.expiry && form.expiry !== 'at' ? undefined : toExpiry(form, nowMs);
  const isSameList = splitScopes(form.scopes).join(' ') === splitScopes(original.scopes).join(' ');
  const hasOtherScopes = form.isLimited !== original.isLimited || (form.isLimited && !isSameList);
  requireLabel(form);
  return {
    ...(form.label === original.label ? {} : { label: form.label }),
    ...(form.owner === original.owner ? {} : { owner: form.owner || null }),
    ...(hasOtherScopes ? { scopes: form.isLimited ? splitScopes(form.scopes) : null } : {}),
    ...(form.plan === original.plan ? {} : { plan: form.plan || null }),
    ...getIpChange(form, original),
    ...(form.metadata === original.metadata ? {} : { metadata: parseMetadata(form) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function requireLabel({ label }: KeyForm): void {
  if (label.trim() === '') throw new Error('label: enter what the key is for, such as build server');
}

function getIpChange(form: KeyForm, original: KeyForm): Pick<KeyChanges, 'allowedIps'> {
  const allowedIps = splitRanges(form);
  if (allowedIps.join(' ') === splitRanges(original).join(' ')) return {};
  return { allowedIps: allowedIps.length === 0 ? null : allowedIps };
}

function splitRanges({ allowedIps }: KeyForm): readonly string[] {
  return allowedIps.split(/[\s,;]+/).filter((range) => range !== '');
}

function parseMetadata({ metadata }: KeyForm): JsonObject | null {
  if (metadata.trim() === '') return null;
  try {
    return JSON.parse(metadata);
  } catch {
    throw new Error('metadata: expected a JSON object, such as {"seats":3}');
  }
}
