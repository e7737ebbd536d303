import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Actions by `KeyboardEvent.key`. `mod+k` is ⌘K or Ctrl-K. */
export type Shortcuts = Readonly<Record<string, () => void>>;

/**
 * Runs an action on a single key press. Does nothing if the focus is in a text field or a dialog is open. Ignores key
 * repeat.
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useKeyDown((event) => {
    if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]') !== null) return;
    const isModified = event.ctrlKey || event.metaKey;
    // A text field needs its letters, but neither Esc nor a letter with a modifier.
    if (!isModified && event.key !== 'Escape' && acceptsText(event.target)) return;
    const act = latest.current[isModified ? `mod+${event.key.toLowerCase()}` : event.key];
    if (act === undefined) return;
    event.preventDefault();
    if (!event.repeat) act();
  });
}

/** Ignores the key repeat of Enter. Otherwise one long press would open a dialog and also confirm it. */
export function useNoEnterRepeat(): void {
  useKeyDown((event) => {
    const isLine = event.target instanceof HTMLTextAreaElement;
    if (event.key === 'Enter' && event.repeat && !isLine) event.preventDefault();
  });
}

/** Adds a listener for the lifetime of the component. */
function useKeyDown(listen: (event: KeyboardEvent) => void): void {
  useLayoutEffect(() => {
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}

function acceptsText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type="checkbox"]), select, textarea');
}

const SETTING_NAME = 'latchkey-console-single-keys';

/**
 * Returns whether the single-key shortcuts are on, and a function that changes the setting (WCAG 2.2, 2.1.4). The page
 * doesn't store any other data in the browser.
 */
export function useShortcutSetting(): readonly [isOn: boolean, set: (isOn: boolean) => void] {
  const [isOn, setOn] = useState(() => readSetting() !== 'off');
  const set = (next: boolean) => {
    setOn(next);
    writeSetting(next);
  };
  return [isOn, set];
}

/** Returns the stored setting, or null. Some browsers block storage and throw. */
function readSetting(): string | null {
  try {
    return localStorage.getItem(SETTING_NAME);
  } catch {
    return null;
  }
}

function writeSetting(isOn: boolean): void {
  try {
    if (isOn) localStorage.removeItem(SETTING_NAME);
    else localStorage.setItem(SETTING_NAME, 'off');
  } catch {
    // The setting then lasts until the page is closed.
  }
}
