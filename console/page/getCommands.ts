import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import type { PaletteCommand } from './findCommands.ts';
import { type KeyAction, offerActions } from './keyActions.ts';
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
    page('keys', 'Go to keys', () => go({ view: 'keys' })),
    page('overview', 'Go to overview', () => go({ view: 'overview' })),
    page('reload', 'Reload all keys', reload, 'r'),
    page('shortcuts', 'Keyboard shortcuts', showShortcuts, '?'),
  ];
}

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
