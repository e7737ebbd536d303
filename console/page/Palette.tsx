import { useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { Dialog } from '../../components/Dialog.tsx';
import { findCommands, type PaletteCommand } from './findCommands.ts';

interface PaletteProps {
  readonly commands: readonly PaletteCommand[];
  readonly keys: readonly ConsoleKey[];
  readonly nowMs: number;
  readonly onOpenKey: (id: string) => void;
  readonly onClose: () => void;
}

/** Shows a search over all commands and keys. The arrow keys choose, Enter runs (WAI-ARIA, combobox pattern). */
export function Palette(props: PaletteProps) {
  const { text, search, found, at, choose, run, press } = usePalette(props);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at, found]);
  return (
    <Dialog title="Commands and keys" isBare className="palette" onClose={props.onClose}>
      <input
        type="text"
        role="combobox"
        data-first
        aria-label="Search commands and keys"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[at] === undefined ? undefined : `${id}-${at}`}
        aria-autocomplete="list"
        autoComplete="off"
        spellcheck={false}
        placeholder="Search commands and keys"
        value={text}
        onInput={({ currentTarget }) => search(currentTarget.value)}
        onKeyDown={press}
      />
      <div ref={list} role="listbox" id={`${id}-list`} aria-label="Results">
        {found.map((command, index) => (
          <PaletteLine
            key={command.id}
            id={`${id}-${index}`}
            command={command}
            heading={found[index - 1]?.group === command.group ? undefined : command.group}
            isChosen={index === at}
            onPoint={() => choose(index)}
            onRun={() => run(command)}
          />
        ))}
      </div>
      <p role="status" class={found.length === 0 ? 'nothing' : 'unseen'}>
        {found.length === 0 ? 'Nothing matches.' : `${found.length} results`}
      </p>
    </Dialog>
  );
}

function usePalette({ commands, keys, nowMs, onOpenKey, onClose }: PaletteProps) {
  const [text, setText] = useState('');
  const [chosen, choose] = useState(0);
  // The commands and the time change with each render of the page, but not while the user types.
  const found = useMemo(
    () => findCommands(text, { commands, keys, toCommand: (key) => toCommand(key, onOpenKey), nowMs }),
    [text, keys],
  );
  const at = Math.min(chosen, found.length - 1);
  const search = (next: string) => {
    setText(next);
    choose(0);
  };
  const run = (command: PaletteCommand | undefined) => {
    if (command === undefined) return;
    // The palette closes first, because the command may open another dialog.
    onClose();
    command.run();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) choose((at + step + found.length) % Math.max(1, found.length));
    else if (event.key === 'Enter' && !event.isComposing) run(found[at]);
    else return;
    event.preventDefault();
  };
  return { text, search, found, at, choose, run, press };
}

interface PaletteLineProps {
  readonly id: string;
  readonly command: PaletteCommand;
  /** The group's heading above its first line. */
  readonly heading: string | undefined;
  readonly isChosen: boolean;
  readonly onPoint: () => void;
  readonly onRun: () => void;
}

function PaletteLine({ id, command, heading, isChosen, onPoint, onRun }: PaletteLineProps) {
  return (
    <>
      {heading === undefined ? null : (
        <div class="palette-group" role="presentation">
          {heading}
        </div>
      )}
      <div id={id} role="option" aria-selected={isChosen} onPointerMove={onPoint} onClick={onRun}>
        <span>{command.name}</span>
        {command.shortcut === undefined ? null : <kbd>{command.shortcut}</kbd>}
        {command.detail === undefined ? null : <span class="quiet">{command.detail}</span>}
      </div>
    </>
  );
}

function toCommand({ id, label, owner, keyPrefix }: ConsoleKey, onOpenKey: (id: string) => void): PaletteCommand {
  const details = [owner, keyPrefix && `${keyPrefix}…`].filter((part) => part !== undefined);
  return {
    id: `key-${id}`,
    name: printable(label),
    group: 'Keys',
    detail: printable(details.join(' · ')),
    run: () => onOpenKey(id),
  };
}
