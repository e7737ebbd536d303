import { splitScopes } from '../../keys/scope.ts';

/** A scope field's text as chips, and the scope that the user is typing. */
export interface ScopeText {
  readonly chips: readonly string[];
  readonly draft: string;
}

/** Splits a scope field's text. The last scope is still a draft while the user types, unless a separator follows it. */
export function parseScopeText(text: string, isTyping: boolean): ScopeText {
  const scopes = splitScopes(text);
  const isDraft = isTyping && text !== '' && !/[\s,;\]}]$/.test(text);
  return isDraft ? { chips: scopes.slice(0, -1), draft: scopes.at(-1) ?? '' } : { chips: scopes, draft: '' };
}

/** Returns the text of chips and a draft. It ends with a separator if the draft is empty. */
export function toScopeText(chips: readonly string[], draft = ''): string {
  return [...new Set(chips), draft].join(' ').trimStart();
}

const MAX_SUGGESTIONS = 8;

/** Returns the known scopes that contain the draft and aren't chips yet. */
export function suggestScopes(known: readonly string[], { chips, draft }: ScopeText): readonly string[] {
  const typed = draft.toLowerCase();
  return known
    .filter((scope) => !chips.includes(scope) && scope.toLowerCase().includes(typed))
    .slice(0, MAX_SUGGESTIONS);
}
