import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface MenuProps {
  /** The button's text. */
  readonly name: ComponentChildren;
  /** The name of the open box, for screen readers. */
  readonly label: string;
  /** The role of the box. A `menu` contains only menu items. */
  readonly role: 'menu' | 'group';
  readonly class?: string;
  readonly children: (close: () => void) => ComponentChildren;
}

/**
 * Shows a button that opens a box below it. Esc, a click outside or leaving the box with Tab closes it. The arrow keys
 * move between the items of a menu.
 */
export function Menu({ name, label, role, class: className = '', children }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  // The focus moves before the next paint, so the next arrow key moves from the selected item.
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    const items = getItems(root.current);
    (items.find((item) => item.getAttribute('aria-checked') === 'true') ?? items[0])?.focus();
    const closeOutside = (event: Event) => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) setOpen(false);
    };
    addEventListener('pointerdown', closeOutside);
    addEventListener('focusin', closeOutside);
    return () => {
      removeEventListener('pointerdown', closeOutside);
      removeEventListener('focusin', closeOutside);
    };
  }, [isOpen]);
  const press = (event: KeyboardEvent) => {
    if (!isOpen) return;
    if (event.key === 'Escape') close();
    else if (role === 'group' || !moveFocus(root.current, event.key)) return;
    event.preventDefault();
  };
  return (
    <div ref={root} class={`with-menu ${className}`} onKeyDown={press}>
      <button
        ref={button}
        type="button"
        aria-expanded={isOpen}
        aria-haspopup={role === 'menu' ? 'menu' : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {name}
        <Chevron />
      </button>
      {isOpen ? (
        <div class="menu" role={role} aria-label={label}>
          {children(close)}
        </div>
      ) : null}
    </div>
  );
}

function Chevron() {
  return (
    <svg class="chevron" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d="M3 4.5 6 7.5 9 4.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
    </svg>
  );
}

function getItems(root: HTMLElement | null): readonly HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('.menu :is(button, select, input)') ?? [])];
}

/** Moves the focus to another item. Returns false if the key doesn't move it. */
function moveFocus(root: HTMLElement | null, key: string): boolean {
  const items = getItems(root);
  const at = items.findIndex((item) => item === document.activeElement);
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const target = targets[key];
  if (target === undefined) return false;
  items[target]?.focus();
  return true;
}
