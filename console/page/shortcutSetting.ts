import { useState } from 'preact/hooks';

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
