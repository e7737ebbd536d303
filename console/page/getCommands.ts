import { printable } from '../../keys/printable.ts';
import type { RecordSort } from '../../keys/recordOrder.ts';
import type { ConsoleKey } from './consoleKey.ts';
import type { PaletteCommand } from './findCommands.ts';
import { type KeyAction, offerActions } from './keyActions.ts';
import { type KeyFilter, NEWEST_FIRST, NO_FILTER } from './keyList.ts';
import type { Go } from './route.ts';

interface CommandsDeps {
  /** The open key. */
  readonly selected: ConsoleKey | undefined;
  /** The reason why the page can't change keys at all. `undefined` if it can. */
  readonly blocked: string | undefined;
  readonly nowMs: number;
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
  readonly act: (action: KeyAction, record: ConsoleKey) => void;
  readonly go: Go;
  readonly newKey: () => void;
  readonly reload: () => void;
  readonly showShortcuts: () => void;
}

/** Returns the commands of the palette that are possible now, those of the open key first. */
export function getCommands(deps: CommandsDeps): readonly PaletteCommand[] {
  const { blocked, hasShortcuts, go, newKey, reload, showShortcuts } = deps;
  const page = (id: string, name: string, run: () => void, shortcut?: string): PaletteCommand => ({
    id,
    name,
    group: 'Page',
    shortcut: hasShortcuts ? shortcut : undefined,
    run,
  });
  return [
    ...getKeyCommands(deps),
    ...(blocked === undefined ? [page('new', 'New key…', newKey, 'n')] : []),
    page('overview', 'Go to overview', () => go({ view: 'overview' })),
    page('reload', 'Reload all keys', reload, 'r'),
    page('shortcuts', 'Keyboard shortcuts', showShortcuts, '?'),
    ...LISTS.map(([name, filter, sort]) => ({
      id: name,
      name,
      group: 'Lists',
      run: () => go({ view: 'keys', list: { filter: { ...NO_FILTER, ...filter }, sort } }),
    })),
  ];
}

/** The lists that operators need most. */
const LISTS: readonly (readonly [name: string, filter: Partial<KeyFilter>, sort: RecordSort])[] = [
  ['All keys', {}, NEWEST_FIRST],
  ['Keys that need attention', { attention: 'any' }, { field: 'expiresAt', isDescending: false }],
  ['Keys that expire within 7 days', { attention: 'expiring' }, { field: 'expiresAt', isDescending: false }],
  ['Keys unused for 90 days', { attention: 'unused' }, { field: 'lastUsedAt', isDescending: false }],
  ['Keys that were never used', { attention: 'never' }, { field: 'createdAt', isDescending: false }],
  ['Disabled keys', { state: 'disabled' }, NEWEST_FIRST],
  ['Revoked keys', { state: 'revoked' }, NEWEST_FIRST],
];

function getKeyCommands({ selected, blocked, nowMs, act }: CommandsDeps): readonly PaletteCommand[] {
  if (selected === undefined) return [];
  const group = printable(selected.label);
  return offerActions(selected, nowMs, blocked)
    .filter(({ whyNot }) => whyNot === undefined)
    .map(({ action, name }) => {
      const isImmediate = action === 'disable' || action === 'enable';
      return { id: action, name: `${name} this key${isImmediate ? '' : '…'}`, group, run: () => act(action, selected) };
    });
}
