import type { RefObject } from 'preact';
import { useMemo } from 'preact/hooks';
import type { RecordSort } from '../../keys/recordOrder.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { ATTENTIONS, SORTS, sortName, STATES, toChips, USES } from './filterNames.ts';
import { getOwners, getScopes, type KeyFilter } from './keyList.ts';
import { Menu } from './Menu.tsx';

interface ToolbarProps {
  readonly keys: readonly ConsoleKey[];
  readonly filter: KeyFilter;
  /** Receives the new filter. `isTyping` is true for each letter of a text. */
  readonly onFilter: (filter: KeyFilter, isTyping: boolean) => void;
  readonly sort: RecordSort;
  readonly onSort: (sort: RecordSort) => void;
  readonly search: RefObject<HTMLInputElement | null>;
  /** Runs if the user leaves the search with the down arrow or Enter. */
  readonly onLeave: () => void;
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
}

/** Shows the search, the filter menu and the sort menu. */
export function Toolbar({ keys, filter, onFilter, sort, onSort, search, onLeave, hasShortcuts }: ToolbarProps) {
  return (
    <search class="toolbar">
      <Search
        value={filter.text}
        onValue={(text) => onFilter({ ...filter, text }, true)}
        {...{ search, onLeave, hasShortcuts }}
      />
      <FilterMenu {...{ keys, filter, onFilter }} />
      <SortMenu sort={sort} onSort={onSort} />
    </search>
  );
}

interface SearchProps extends Pick<ToolbarProps, 'search' | 'onLeave' | 'hasShortcuts'> {
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function Search({ value, onValue, search, onLeave, hasShortcuts }: SearchProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
    event.preventDefault();
    onLeave();
  };
  return (
    <span class="search">
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <g fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round">
          <circle cx="7" cy="7" r="4.25" />
          <path d="m10.25 10.25 3.25 3.25" />
        </g>
      </svg>
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
    </span>
  );
}

/** Maximum number of suggestions that browsers show. */
const MAX_OWNERS = 500;

function FilterMenu({ keys, filter, onFilter }: Pick<ToolbarProps, 'keys' | 'filter' | 'onFilter'>) {
  const count = toChips(filter).length;
  return (
    <Menu
      class="filter-menu"
      label="Filter"
      role="group"
      name={<>Filter{count === 0 ? null : <span class="number">{count}</span>}</>}
    >
      {() => <FilterFields {...{ keys, filter, onFilter }} />}
    </Menu>
  );
}

function FilterFields({ keys, filter, onFilter }: Pick<ToolbarProps, 'keys' | 'filter' | 'onFilter'>) {
  const owners = useMemo(() => getOwners(keys).slice(0, MAX_OWNERS), [keys]);
  const scopes = useMemo(() => getScopes(keys).map((scope) => [scope, scope] as const), [keys]);
  const set = (change: Partial<KeyFilter>, isTyping = false) => onFilter({ ...filter, ...change }, isTyping);
  const { state, owner, scope, attention, used } = filter;
  return (
    <>
      <Select label="State" value={state} choices={STATES} onValue={(state) => set({ state })} />
      <Select label="Attention" value={attention} choices={ATTENTIONS} onValue={(attention) => set({ attention })} />
      <Select label="Last used" value={used} choices={USES} onValue={(used) => set({ used })} />
      <label>
        <span>Owner</span>
        <input
          type="text"
          placeholder="Any"
          list="filter-owners"
          autoComplete="off"
          spellcheck={false}
          value={owner}
          onInput={({ currentTarget }) => set({ owner: currentTarget.value }, true)}
        />
      </label>
      <datalist id="filter-owners">
        {owners.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Select label="Scope" value={scope} choices={scopes} onValue={(scope) => set({ scope })} />
    </>
  );
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value | '';
  readonly choices: readonly (readonly [value: Value, name: string])[];
  readonly onValue: (value: Value | '') => void;
}

function Select<Value extends string>({ label, value, choices, onValue }: SelectProps<Value>) {
  return (
    <label>
      <span>{label}</span>
      <select
        value={value}
        onChange={({ currentTarget }) => onValue(choices.find(([choice]) => choice === currentTarget.value)?.[0] ?? '')}
      >
        <option value="">Any</option>
        {choices.map(([choice, name]) => (
          <option key={choice} value={choice}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function SortMenu({ sort, onSort }: Pick<ToolbarProps, 'sort' | 'onSort'>) {
  const current = sortName(sort);
  return (
    <Menu
      class="sort-menu"
      label="Sort"
      role="menu"
      name={
        <>
          Sort<span class="sort-name">: {current}</span>
        </>
      }
    >
      {(close) =>
        SORTS.map(([name, field, isDescending]) => (
          <button
            key={name}
            type="button"
            role="menuitemradio"
            aria-checked={name === current}
            tabIndex={-1}
            onClick={() => {
              onSort({ field, isDescending });
              close();
            }}
          >
            <span class="check" aria-hidden="true">
              {name === current ? '✓' : ''}
            </span>
            {name}
          </button>
        ))
      }
    </Menu>
  );
}
