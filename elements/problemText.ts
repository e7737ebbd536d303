import { splitErrors } from '../components/formErrors.ts';
import { fill } from '../components/language.ts';
import type { KeysTexts } from './english.ts';
import { KeysProblem } from './keysClient.ts';

/** Where the text of a problem appears. */
export interface ProblemPlace {
  /** `false` if the browser knows that it has no connection. */
  readonly isOnline: boolean;
  /** `true` if a second try with the same `Idempotency-Key` is safe. */
  readonly isRepeatable?: boolean;
}

/**
 * Returns the text for a failure in the page's language. A message about fields keeps the form `label: …; plan: …`, so
 * that a form shows each part at its field.
 */
export function problemText(failure: unknown, texts: KeysTexts, { isOnline, isRepeatable }: ProblemPlace): string {
  if (!(failure instanceof KeysProblem)) return failure instanceof Error ? failure.message : String(failure);
  const { code, message } = failure;
  if (code === 'SESSION_ENDED') return texts.sessionEnded;
  if (code === 'UNREACHABLE' && !isOnline) return texts.offline;
  if (code === 'UNREACHABLE') return isRepeatable === true ? texts.maybeDone : texts.unreachable;
  if (code === 'INPUT_INVALID') return fieldTexts(message, texts);
  const known: Readonly<Record<string, string>> = texts;
  return known[`problem_${code}`] ?? fill(texts.problem_other, { detail: message });
}

function fieldTexts(message: string, texts: KeysTexts): string {
  const { byField, rest } = splitErrors(message);
  const known: Readonly<Record<string, string>> = texts;
  const parts = Object.entries(byField).map(([field, text]) => {
    const own = known[`invalid_${field === 'expiry' ? 'expiresAt' : field}`];
    return `${field}: ${own === undefined || own === '' ? text : own}`;
  });
  return [...(rest === '' ? [] : [fill(texts.problem_other, { detail: rest })]), ...parts].join('; ');
}
