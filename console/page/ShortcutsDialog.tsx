import type { ComponentChildren } from 'preact';
import { Dialog } from '../../components/Dialog.tsx';

interface ShortcutsDialogProps {
  readonly isReadOnly: boolean;
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
  readonly onShortcuts: (hasShortcuts: boolean) => void;
  readonly onClose: () => void;
}

type Line = readonly [keys: readonly string[], effect: string];

/** Shows the keyboard shortcuts, and the switch that turns off those of a single key (WCAG 2.2, 2.1.4). */
export function ShortcutsDialog({ isReadOnly, hasShortcuts, onShortcuts, onClose }: ShortcutsDialogProps) {
  const single: readonly Line[] = [
    [['/'], 'Search the keys'],
    ...(isReadOnly ? [] : [[['n'], 'New key'] as const]),
    [['r'], 'Reload all keys'],
    [['?'], 'Show these shortcuts'],
  ];
  return (
    <Dialog title="Keyboard shortcuts" className="shortcuts-dialog" onClose={onClose}>
      <div class="shortcut-columns">
        <Group name="Everywhere">
          <Lines lines={[[[isMac() ? '⌘' : 'Ctrl', 'K'], 'Search commands and keys']]} />
          <Lines lines={single} isOff={!hasShortcuts} />
        </Group>
        <Group name="In the list">
          <Lines
            lines={[
              [['↑', '↓'], 'Move'],
              [['Home', 'End'], 'First and last key'],
              [['PgUp', 'PgDn'], 'Move by a page'],
              [['Enter'], 'Open the key'],
              [['Esc'], 'Close, then clear the filter'],
            ]}
          />
        </Group>
      </div>
      <label class="switch">
        <input
          type="checkbox"
          data-first
          checked={hasShortcuts}
          onChange={({ currentTarget }) => onShortcuts(currentTarget.checked)}
        />
        Use single-key shortcuts
      </label>
    </Dialog>
  );
}

function Group({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      {children}
    </section>
  );
}

function Lines({ lines, isOff = false }: { lines: readonly Line[]; isOff?: boolean }) {
  return (
    <dl class={isOff ? 'shortcut-lines off' : 'shortcut-lines'}>
      {lines.map(([keys, effect]) => (
        <div key={effect}>
          <dt>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{effect}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Returns whether the browser runs on a Mac, whose commands use ⌘ instead of Ctrl. */
function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
