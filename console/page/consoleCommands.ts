import type { RecordSort } from '../../keys/recordOrder.ts';
import type { PaletteCommand } from './findCommands.ts';
import { type KeyFilter, NEWEST_FIRST, NO_FILTER } from './keyList.ts';
import type { Go } from './route.ts';

interface CommandsDeps {
  readonly newKey: () => void;
  readonly reload: () => void;
  readonly showShortcuts: () => void;
  readonly go: Go;
  readonly isReadOnly: boolean;
}

type Saved = readonly [name: string, filter: Partial<KeyFilter>, sort: RecordSort];

/** Lists that many operators need. */
const SAVED: readonly Saved[] = [
  ['All keys', {}, NEWEST_FIRST],
  ['Keys that need attention', { attention: 'any' }, { field: 'expiresAt', isDescending: false }],
  ['Keys that expire within 7 days', { attention: 'expiring' }, { field: 'expiresAt', isDescending: false }],
  ['Keys unused for 90 days', { attention: 'unused' }, { field: 'lastUsedAt', isDescending: false }],
  ['Keys that were never used', { attention: 'never' }, { field: 'createdAt', isDescending: false }],
  ['Disabled keys', { state: 'disabled' }, NEWEST_FIRST],
  ['Revoked keys', { state: 'revoked' }, NEWEST_FIRST],
];

/** Returns the commands of the palette: actions first, then views. */
export function createCommands(deps: CommandsDeps): readonly PaletteCommand[] {
  const { newKey, reload, showShortcuts, go, isReadOnly } = deps;
  const action = (name: string, detail: string, run: () => void) => ({
    id: name,
    name,
    group: 'Actions',
    detail,
    run,
  });
  const view = (name: string, run: () => void) => ({ id: name, name, group: 'Go to', run });
  return [
    ...(isReadOnly ? [] : [action('New key', 'n', newKey)]),
    action('Reload all keys', 'r', reload),
    action('Keyboard shortcuts', '?', showShortcuts),
    view('Overview', () => go({ view: 'overview' })),
    ...SAVED.map(([name, filter, sort]) =>
      view(name, () => go({ view: 'keys', list: { filter: { ...NO_FILTER, ...filter }, sort } })),
    ),
  ];
}
