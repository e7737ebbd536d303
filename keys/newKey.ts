import { LatchkeyError } from './errors.ts';
import { problemOf, type FieldName } from './keyFields.ts';
import { purgeAfter } from './purgeAfter.ts';
import { copyJson, type JsonObject } from './json.ts';
import type { KeyRecord } from './record.ts';
import { readTime, toEpochMs } from './timestamp.ts';

/** What is said of a key when it is issued. */
export interface NewKey {
  /** 1 to 256 characters, none of them a control or invisible character, and not only spaces. */
  readonly label: string;
  /** 1 to 256 characters, none of them a control or invisible character, and not only spaces. */
  readonly owner?: string | undefined;
  /**
   * Scope tokens of RFC 6749 §3.3 without commas, braces and brackets, at most 1024 characters together with a space
   * between. Absent means the key may do everything, an empty list nothing.
   */
  readonly scopes?: readonly string[] | undefined;
  /** 1 to 64 letters, digits, dots, underscores and hyphens, the first a letter or a digit. */
  readonly plan?: string | undefined;
  /** ISO 8601 with a zone, or a date whose end in UTC it is; in the future. */
  readonly expiresAt?: string | undefined;
  /** A JSON object of at most 1024 bytes, nested at most 30 deep. */
  readonly metadata?: JsonObject | undefined;
}

type CheckedFields = Pick<KeyRecord, 'label' | 'owner' | 'scopes' | 'plan' | 'expiresAt' | 'metadata' | 'purgeAfter'>;

const FIELDS: readonly FieldName[] = ['label', 'owner', 'scopes', 'plan', 'expiresAt', 'metadata'];

/**
 * Checks a new key's fields as an operator or a file gave them.
 *
 * @throws LatchkeyError `INPUT_INVALID`, listing every field that is wrong, what it was and what is wanted
 */
export function checkNewKey(input: unknown, nowMs: number): CheckedFields {
  const fields: Record<string, unknown> = typeof input === 'object' && input !== null ? { ...input } : {};
  const problems = FIELDS.flatMap((name) => {
    const isLeftOut = name !== 'label' && fields[name] === undefined;
    return isLeftOut ? [] : (problemOf(name, fields[name], nowMs) ?? []);
  });
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));

  return writtenFields(fields as unknown as NewKey);
}

/** Returns a record's own copy of the fields of a new key. They were checked, or come from a stored record. */
export function writtenFields({ label, owner, scopes, plan, expiresAt, metadata }: NewKey): CheckedFields {
  return {
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: copyJson(scopes) }),
    ...(plan === undefined ? {} : { plan }),
    ...(expiresAt === undefined ? {} : expiry(expiresAt)),
    ...(metadata === undefined ? {} : { metadata: copyJson(metadata) }),
  };
}

/** What an expiry that was checked writes into a record. */
export function expiry(text: string): Required<Pick<KeyRecord, 'expiresAt' | 'purgeAfter'>> {
  const expiresAt = readTime(text, { dateAs: 'end' });
  if (expiresAt === undefined) throw new LatchkeyError('INTERNAL_ERROR', 'an expiry went unchecked');
  return { expiresAt, purgeAfter: purgeAfter(toEpochMs(expiresAt)) };
}
