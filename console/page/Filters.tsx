import type { RefObject } from 'preact';
import { useMemo } from 'preact/hooks';
import type { RecordSort, SortField } from '../../keys/recordOrder.ts';
import type { KeyState } from '../../keys/state.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { getOwners, getScopes, type Attention, type KeyFilter } from './keyList.ts';

interface FiltersProps {
  readonly keys: readonly ConsoleKey[];
  readonly filter: KeyFilter;
  readonly onFilter: (filter: KeyFilter) => void;
  readonly sort: RecordSort;
  readonly onSort: (sort: RecordSort) => void;
  readonly search: RefObject<HTMLInputElement | null>;
  /** Runs if the user leaves the search with the down arrow or Enter. */
  readonly onLeave: () => void;
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
}

const STATES: readonly (readonly [value: KeyState, name: string])[] = [
  ['active', 'Active'],
  ['expired', 'Expired'],
  ['disabled', 'Disabled'],
  ['revoked', 'Revoked'],
];
const ATTENTIONS: readonly (readonly [value: Attention, name: string])[] = [
  ['expiring', 'Expiring within 30 days'],
  ['unused', 'Unused for 90 days'],
  ['never', 'Never used'],
];
const SORTS: readonly (readonly [name: string, field: SortField, isDescending: boolean])[] = [
  ['Newest first', 'createdAt', true],
  ['Oldest first', 'createdAt', false],
  ['Label, A to Z', 'label', false],
  ['Owner, A to Z', 'owner', false],
  ['State, active first', 'state', false],
  ['Most recently used', 'lastUsedAt', true],
  ['Least recently used', 'lastUsedAt', false],
  ['Expiring soonest', 'expiresAt', false],
  ['Expiring latest', 'expiresAt', true],
  ['Label, Z to A', 'label', true],
  ['Owner, Z to A', 'owner', true],
  ['State, revoked first', 'state', true],
];
/** Maximum number of suggestions that browsers show. */
const MAX_OWNERS = 500;

/** Shows the search, the filters and the sort order. */
export function Filters({ keys, filter, onFilter, sort, onSort, search, onLeave, hasShortcuts }: FiltersProps) {
  const owners = useMemo(() => getOwners(keys).slice(0, MAX_OWNERS), [keys]);
  const scopes = useMemo(() => getScopes(keys).map((scope) => [scope, scope] as const), [keys]);
  const set = (change: Partial<KeyFilter>) => onFilter({ ...filter, ...change });
  const { text, state, owner, scope, attention } = filter;
  return (
    <search class="filters">
      <Search value={text} onValue={(text) => set({ text })} {...{ search, onLeave, hasShortcuts }} />
      <Select label="State" value={state} choices={STATES} onValue={(state) => set({ state })} all="Any state" />
      <Owner value={owner} onValue={(owner) => set({ owner })} owners={owners} />
      <Select label="Scope" value={scope} choices={scopes} onValue={(scope) => set({ scope })} all="Any scope" />
      <Select
        label="Needs attention"
        value={attention}
        choices={ATTENTIONS}
        onValue={(attention) => set({ attention })}
        all="Any activity"
      />
      <Order sort={sort} onSort={onSort} />
    </search>
  );
}

interface InputProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
}

type SearchProps = InputProps & Pick<FiltersProps, 'search' | 'onLeave' | 'hasShortcuts'>;

function Search({ value, onValue, search, onLeave, hasShortcuts }: SearchProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
    event.preventDefault();
    onLeave();
  };
  return (
    <input
      ref={search}
      type="search"
      aria-label="Search keys"
      aria-keyshortcuts={hasShortcuts ? '/' : undefined}
      placeholder="Search label, owner, ID or key"
      autoComplete="off"
      spellcheck={false}
      value={value}
      onInput={({ currentTarget }) => onValue(currentTarget.value)}
      onKeyDown={press}
    />
  );
}

function Owner({ value, onValue, owners }: InputProps & { readonly owners: readonly string[] }) {
  return (
    <>
      <input
        type="text"
        aria-label="Owner"
        placeholder="Owner"
        list="owners"
        autoComplete="off"
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
      <datalist id="owners">
        {owners.map((owner) => (
          <option key={owner} value={owner} />
        ))}
      </datalist>
    </>
  );
}

function Order({ sort, onSort }: Pick<FiltersProps, 'sort' | 'onSort'>) {
  const at = SORTS.findIndex(([, field, isDescending]) => field === sort.field && isDescending === sort.isDescending);
  const choose = (index: number) => {
    const [, field, isDescending] = SORTS[index] ?? ['', 'createdAt', true];
    onSort({ field, isDescending });
  };
  return (
    <select aria-label="Sort by" value={at} onChange={({ currentTarget }) => choose(Number(currentTarget.value))}>
      {SORTS.map(([name], index) => (
        <option key={name} value={index}>
          {name}
        </option>
      ))}
    </select>
  );
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value | '';
  readonly choices: readonly (readonly [value: Value, name: string])[];
  readonly onValue: (value: Value | '') => void;
  /** The name of the choice that matches every key. */
  readonly all: string;
}

function Select<Value extends string>({ label, value, choices, onValue, all }: SelectProps<Value>) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onValue(choices.find(([choice]) => choice === currentTarget.value)?.[0] ?? '')}
    >
      <option value="">{all}</option>
      {choices.map(([choice, name]) => (
        <option key={choice} value={choice}>
          {name}
        </option>
      ))}
    </select>
  );
}
