import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** What keys do, by the name that the browser gives them. */
export type Shortcuts = Readonly<Record<string, () => void>>;

/** Has single keys do something, but where somebody types, or a dialog is open. A key that is held down does it once. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useKeyDown((event) => {
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (event.defaultPrevented || isModified || document.querySelector('dialog[open]') !== null) return;
    if (event.key !== 'Escape' && isTypedInto(event.target)) return;
    const act = latest.current[event.key];
    if (act === undefined) return;
    event.preventDefault();
    if (!event.repeat) act();
  });
}

/** Has an Enter that is held down press one button and send one form: what it brings up is not answered by it. */
export function useOneEnterAtATime(): void {
  useKeyDown((event) => {
    const isLine = event.target instanceof HTMLTextAreaElement;
    if (event.key === 'Enter' && event.repeat && !isLine) event.preventDefault();
  });
}

/** Once for all renders. */
function useKeyDown(listen: (event: KeyboardEvent) => void): void {
  useLayoutEffect(() => {
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}

function isTypedInto(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type="checkbox"]), select, textarea');
}

const NAME = 'latchkey-console-single-keys';

/**
 * Whether single characters do something, and what changes that (WCAG 2.2, 2.1.4). The browser keeps it for this address; of the
 * page's it keeps nothing else.
 */
export function useShortcutSetting(): readonly [isOn: boolean, set: (isOn: boolean) => void] {
  const [isOn, setOn] = useState(() => kept() !== 'off');
  const set = (next: boolean) => {
    setOn(next);
    keep(next);
  };
  return [isOn, set];
}

/** A browser may be told to keep nothing, and then throws. */
function kept(): string | null {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

function keep(isOn: boolean): void {
  try {
    if (isOn) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, 'off');
  } catch {
    // Then it holds for as long as the page is open.
  }
}
