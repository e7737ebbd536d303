import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { BulkBar } from './BulkBar.tsx';
import { type BulkAction, countKeys } from './bulk.ts';
import { toChips } from './filterNames.ts';
import { CrossGlyph } from '../../components/glyphs.tsx';
import { type KeyFilter, NO_FILTER } from './keyList.ts';
import { keysCsv } from './keysCsv.ts';
import type { KeyStore } from './keyStore.ts';
import type { Checked } from './useChecked.ts';

interface CountBarProps {
  readonly store: KeyStore;
  readonly shown: readonly ConsoleKey[];
  readonly filter: KeyFilter;
  readonly onFilter: (filter: KeyFilter) => void;
  readonly nowMs: number;
  readonly checked: Checked;
  readonly blocked: string | undefined;
  readonly onBulk: (action: BulkAction, records: readonly ConsoleKey[]) => void;
}

/** Shows the number of listed keys with the filter's chips. Shows the actions on the checked keys instead, if any. */
export function CountBar({ store, shown, filter, onFilter, nowMs, checked, blocked, onBulk }: CountBarProps) {
  const save = (records: readonly ConsoleKey[]) => download(keysCsv(records, nowMs));
  if (checked.records.length > 0) {
    return (
      <div class="count">
        <BulkBar
          {...{ blocked, records: checked.records }}
          onAction={onBulk}
          onExport={() => save(checked.records)}
          onClear={checked.clear}
        />
      </div>
    );
  }
  return (
    <div class="count">
      <span role="status">{toCountText(shown.length, store)}</span>
      <Chips filter={filter} onFilter={onFilter} />
      {shown.length === 0 ? null : (
        <button type="button" class="link export" onClick={() => save(shown)}>
          Export CSV
        </button>
      )}
    </div>
  );
}

function Chips({ filter, onFilter }: Pick<CountBarProps, 'filter' | 'onFilter'>) {
  const chips = toChips(filter);
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {chips.map(({ field, name }) => (
        <li key={field} class="chip">
          {printable(name)}
          <button
            type="button"
            aria-label={`Remove the filter ${name}`}
            onClick={() => onFilter({ ...filter, [field]: '' })}
          >
            <CrossGlyph />
          </button>
        </li>
      ))}
      <li>
        <button type="button" class="link" onClick={() => onFilter(NO_FILTER)}>
          Clear filters
        </button>
      </li>
    </ul>
  );
}

function toCountText(shown: number, { keys, isLoading }: KeyStore): string {
  const all = countKeys(keys.length);
  const count = shown === keys.length ? all : `${shown.toLocaleString('en')} of ${all}`;
  return isLoading ? `${count} so far` : count;
}

function download(csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'keys.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
