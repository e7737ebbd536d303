import { isKeyPrefix } from '../../keys/keyPrefix.ts';
import type { RecordSort, SortField } from '../../keys/recordOrder.ts';
import type { KeyState } from '../../keys/state.ts';
import type { Attention } from './attention.ts';
import type { UseBand } from '../../components/urgency.ts';
import { type KeyFilter, NEWEST_FIRST, NO_FILTER } from './keyList.ts';

/** The filter and the sort order of the list. */
export interface ListView {
  readonly filter: KeyFilter;
  readonly sort: RecordSort;
}

/** The list without a filter, newest key first. */
export const WHOLE_LIST: ListView = { filter: NO_FILTER, sort: NEWEST_FIRST };

const FIELDS: readonly SortField[] = ['label', 'owner', 'state', 'lastUsedAt', 'expiresAt', 'createdAt'];

const STATES: readonly KeyState[] = ['active', 'disabled', 'expired', 'revoked'];
const ATTENTIONS: readonly Attention[] = ['any', 'expiring', 'expiring30', 'unused', 'never'];
const BANDS: readonly UseBand[] = ['day', 'week', 'month', 'quarter', 'older', 'never'];

/**
 * Returns the query of a list's address: `?q=acme&sort=-lastUsedAt`, or an empty string for the whole list. Leaves out
 * searched words that may be keys, because browsers keep addresses in their history.
 */
export function toQuery({ filter, sort }: ListView): string {
  const { text, owner, ...choices } = filter;
  const query = new URLSearchParams();
  // Users type only these two. The other values are choices, and a shortened scope would match no key.
  for (const [name, value] of Object.entries({ q: withoutKeys(text), owner: withoutKeys(owner), ...choices })) {
    if (value !== '') query.set(name, value);
  }
  if (sort.field !== NEWEST_FIRST.field || sort.isDescending !== NEWEST_FIRST.isDescending) {
    query.set('sort', `${sort.isDescending ? '-' : ''}${sort.field}`);
  }
  const result = query.toString();
  return result === '' ? '' : `?${result}`;
}

/** Returns the filter and the sort order of an address. Ignores unknown names and values. */
export function parseQuery(query: string): ListView {
  const values = new URLSearchParams(query);
  const choose = <Value extends string>(name: string, choices: readonly Value[]): Value | '' =>
    choices.find((choice) => choice === values.get(name)) ?? '';
  const filter: KeyFilter = {
    text: values.get('q') ?? '',
    state: choose('state', STATES),
    owner: values.get('owner') ?? '',
    scope: values.get('scope') ?? '',
    attention: choose('attention', ATTENTIONS),
    used: choose('used', BANDS),
  };
  const isEmpty = Object.values(filter).every((value) => value === '');
  return { filter: isEmpty ? NO_FILTER : filter, sort: parseSort(values.get('sort') ?? '') };
}

function parseSort(text: string): RecordSort {
  const isDescending = text.startsWith('-');
  const field = FIELDS.find((name) => name === text.slice(isDescending ? 1 : 0));
  return field === undefined ? NEWEST_FIRST : { field, isDescending };
}

/** The number of random characters in the public prefix of a Latchkey key. */
const SHOWN_CHARACTERS = 8;
/** The minimum length of an imported key. */
const MIN_KEY_LENGTH = 16;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{0,12}){0,4}$/i;
/** Matches a word or a number. Neither is long enough for a key. */
const WORD = /^([A-Z]?[a-z]{0,22}\d{0,4}|[A-Z]{1,23}|\d{1,14})$/;

/** Removes the words that may be keys. A Latchkey key leaves its public prefix, which finds the same record. */
function withoutKeys(text: string): string {
  const words = text.split(/\s+/).map((word) => {
    const prefix = getPublicPrefix(word);
    if (prefix !== undefined) return prefix;
    return word.length < MIN_KEY_LENGTH || UUID.test(word) || isMadeOfWords(word) ? word : '';
  });
  return words.filter((word) => word !== '').join(' ');
}

/** Returns the public prefix of a Latchkey key, or of a part of one that is longer than this prefix. */
function getPublicPrefix(word: string): string | undefined {
  const start = word.lastIndexOf('_') + 1;
  const isIssued = isKeyPrefix(word.slice(0, start)) && /^[0-9A-Za-z]{9,}$/.test(word.slice(start));
  return isIssued ? word.slice(0, start + SHOWN_CHARACTERS) : undefined;
}

function isMadeOfWords(text: string): boolean {
  return text.split(/[^0-9A-Za-z]+/).every((part) => WORD.test(part));
}
