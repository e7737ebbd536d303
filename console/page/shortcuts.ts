import { useLayoutEffect, useRef } from 'preact/hooks';

/** What keys do, by the name that the browser gives them. */
export type Shortcuts = Readonly<Record<string, () => void>>;

/** Has single keys do something, but where somebody types, or a dialog is open. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isModified = event.ctrlKey || event.metaKey || event.altKey;
      if (event.defaultPrevented || isModified || document.querySelector('dialog[open]') !== null) return;
      if (event.key !== 'Escape' && isTypedInto(event.target)) return;
      const act = latest.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}

function isTypedInto(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea');
}
