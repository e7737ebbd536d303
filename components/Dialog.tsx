import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';
import { CrossGlyph } from './glyphs.tsx';
import { useLanguage } from './useLanguage.ts';

interface DialogProps {
  readonly title: string;
  /** An additional class for the dialog's size and place. */
  readonly className?: string;
  /** Shows the title only to screen readers, and omits the close button. */
  readonly isBare?: boolean;
  /** Handles Esc and the close button. The dialog stays open until its parent removes it. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * Shows a modal dialog. When it closes, the focus returns to the element that had it before. If this element is gone, the
 * element with the attribute `data-fallback-focus` gets it.
 */
export function Dialog({ title, className = '', isBare = false, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const { texts } = useLanguage();
  // The dialog opens before the next paint, so the next key press goes to the dialog.
  useLayoutEffect(() => {
    const element = dialog.current;
    const root = element?.getRootNode() as Document | ShadowRoot;
    const before = root.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      // Nothing outside an open modal dialog can get the focus.
      element?.close();
      const returnFocus = () => {
        // The change may have removed the button that opened the dialog. A shortcut may have opened it without any focus.
        const isThere = before instanceof HTMLElement && before.isConnected && before !== document.body;
        (isThere ? before : root.querySelector<HTMLElement>('[data-fallback-focus]'))?.focus();
      };
      returnFocus();
      // The rest of this render may remove the button.
      queueMicrotask(() => before?.isConnected === false && returnFocus());
    };
  }, []);
  const cancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  // Chromium closes a dialog on a second Esc even if `cancel` is prevented.
  const keepOpen = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    // A long press must not also confirm that a new key may be discarded.
    if (!event.repeat) onClose();
  };
  // Opens the dialog again if the browser closes it, because its content must not be lost.
  const reopen = () => dialog.current?.showModal();
  return (
    <dialog
      ref={dialog}
      class={className}
      aria-labelledby={titleId}
      onCancel={cancel}
      onClose={reopen}
      onKeyDown={keepOpen}
    >
      <header class={isBare ? 'unseen' : ''}>
        <h2 id={titleId}>{title}</h2>
        {isBare ? null : (
          <button type="button" class="icon" aria-label={texts.close} onClick={once(onClose)}>
            <CrossGlyph />
          </button>
        )}
      </header>
      {children}
    </dialog>
  );
}

/** Returns a click handler that ignores the second click of a double click. */
export function once(act: () => void): (event: MouseEvent) => void {
  return ({ detail }) => {
    if (detail < 2) act();
  };
}

/** Makes the browser confirm that the user wants to leave the page, while `isGuarded` is true. */
export function useLeaveGuard(isGuarded: boolean): void {
  useEffect(() => {
    if (!isGuarded) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isGuarded]);
}
