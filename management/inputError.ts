import { LatchkeyError } from '../keys/errors.ts';
import { show } from '../keys/fields.ts';

/** A failed check of a request. */
interface FailedCheck {
  readonly error: { readonly issues: readonly CheckIssue[] };
  readonly data?: unknown;
  /** The names of the expected fields. */
  readonly fields: readonly string[];
}

interface CheckIssue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

const MAX_NAMED = 3;

/**
 * Converts a failed check to an error with the field, the expected and the given value.
 *
 * @returns LatchkeyError `INPUT_INVALID`
 */
export function toInputError({ error, data, fields }: FailedCheck, target: string): LatchkeyError {
  const place = target === 'json' ? 'body' : target;
  const problems = error.issues.map((issue) => {
    const at = issue.path.map(String).join('.') || place;
    if (issue.code === 'unrecognized_keys') {
      const names = (issue.keys ?? []).slice(0, MAX_NAMED).map(show).join(', ');
      return `${at}: expected ${fields.length === 0 ? 'no fields' : `only the fields ${fields.join(', ')}`}, got ${names}`;
    }
    const expected = issue.path.length === 0 ? 'a JSON object' : issue.message;
    return `${at}: expected ${expected}, got ${show(valueAt(data, issue.path))}`;
  });
  return new LatchkeyError('INPUT_INVALID', problems.join('; '));
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (Object.hasOwn(Object(value), name) ? Object(value)[name] : undefined),
    data,
  );
}
