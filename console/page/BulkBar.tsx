import type { ConsoleKey } from './consoleKey.ts';
import { type BulkAction, bulkTargets, countKeys } from './bulk.ts';

interface BulkBarProps {
  /** The keys with a checked box. */
  readonly records: readonly ConsoleKey[];
  /** The reason why the page can't change keys at all. */
  readonly blocked: string | undefined;
  readonly onAction: (action: BulkAction, records: readonly ConsoleKey[]) => void;
  readonly onExport: () => void;
  readonly onClear: () => void;
}

const ACTIONS: readonly (readonly [action: BulkAction, name: string, whyNot: string])[] = [
  ['disable', 'Disable', 'None of these keys can be disabled.'],
  ['enable', 'Enable', 'None of these keys is disabled.'],
  ['revoke', 'Revoke', 'All of these keys are revoked.'],
];

/** Shows the actions on the checked keys, in the place of the number of keys. */
export function BulkBar({ records, blocked, onAction, onExport, onClear }: BulkBarProps) {
  return (
    <div class="bulk" role="group" aria-label="Actions on the selected keys">
      <strong role="status">{countKeys(records.length)} selected</strong>
      {ACTIONS.map(([action, name, noTargets]) => {
        const targets = bulkTargets(action, records);
        const whyNot = blocked ?? (targets.length === 0 ? noTargets : undefined);
        const isPart = targets.length > 0 && targets.length < records.length;
        return (
          <button
            key={action}
            type="button"
            class={action === 'revoke' ? 'danger' : ''}
            aria-disabled={whyNot !== undefined}
            title={whyNot ?? (isPart ? `Changes ${countKeys(targets.length)}.` : undefined)}
            onClick={(event) => {
              if (whyNot === undefined && event.detail < 2) onAction(action, records);
            }}
          >
            {name}
            {isPart ? <span class="quiet">{targets.length}</span> : null}
          </button>
        );
      })}
      <button type="button" onClick={onExport}>
        Export
      </button>
      <button type="button" class="link" onClick={onClear}>
        Clear selection
      </button>
    </div>
  );
}
