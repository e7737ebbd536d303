import type { RecordSort, SortField } from '../../keys/recordOrder.ts';
import type { KeyState } from '../../keys/state.ts';
import type { Attention } from './attention.ts';
import type { UseBand } from '../../components/urgency.ts';
import type { KeyFilter } from './keyList.ts';

/** The names of the states in the filter. */
export const STATES: readonly (readonly [value: KeyState, name: string])[] = [
  ['active', 'Active'],
  ['disabled', 'Disabled'],
  ['expired', 'Expired'],
  ['revoked', 'Revoked'],
];

/** The names of the reasons for attention in the filter. */
export const ATTENTIONS: readonly (readonly [value: Attention, name: string])[] = [
  ['any', 'Needs attention'],
  ['expiring', 'Expiring within 7 days'],
  ['expiring30', 'Expiring within 30 days'],
  ['unused', 'Unused for 90 days'],
  ['never', 'Never used'],
];

/** The names of the bands of the last use in the filter. */
export const USES: readonly (readonly [value: UseBand, name: string])[] = [
  ['day', 'Today'],
  ['week', '1 to 7 days ago'],
  ['month', '7 to 30 days ago'],
  ['quarter', '30 to 90 days ago'],
  ['older', 'Over 90 days ago'],
  ['never', 'Never'],
];

/** The sort orders with their names. */
export const SORTS: readonly (readonly [name: string, field: SortField, isDescending: boolean])[] = [
  ['Newest first', 'createdAt', true],
  ['Oldest first', 'createdAt', false],
  ['Most recently used', 'lastUsedAt', true],
  ['Least recently used', 'lastUsedAt', false],
  ['Expiring soonest', 'expiresAt', false],
  ['Expiring latest', 'expiresAt', true],
  ['Label, A to Z', 'label', false],
  ['Label, Z to A', 'label', true],
  ['Owner, A to Z', 'owner', false],
  ['Owner, Z to A', 'owner', true],
  ['State, active first', 'state', false],
  ['State, revoked first', 'state', true],
];

/** Returns the name of a sort order. */
export function sortName({ field, isDescending }: RecordSort): string {
  return SORTS.find(([, sorted, descending]) => sorted === field && descending === isDescending)?.[0] ?? '';
}

/** One condition of a filter, for a chip that removes it. */
export interface FilterChip {
  readonly name: string;
  /** The filter's field that the chip clears. */
  readonly field: keyof KeyFilter;
}

/** Returns a chip for each condition of the filter, except for the searched text. */
export function toChips(filter: KeyFilter): readonly FilterChip[] {
  const { state, attention, used, owner, scope } = filter;
  const chips: readonly (readonly [keyof KeyFilter, string])[] = [
    ['state', state && nameOf(STATES, state)],
    ['attention', attention && nameOf(ATTENTIONS, attention)],
    ['used', used && `Last used: ${nameOf(USES, used).toLowerCase()}`],
    ['owner', owner && `Owner: ${owner}`],
    ['scope', scope && `Scope: ${scope}`],
  ];
  return chips.flatMap(([field, name]) => (name === '' ? [] : [{ field, name }]));
}

function nameOf(choices: readonly (readonly [value: string, name: string])[], value: string): string {
  return choices.find(([choice]) => choice === value)?.[1] ?? value;
}
