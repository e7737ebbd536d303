import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

interface DialogProps {
  readonly title: string;
  /** Asked for by Esc or the button; the dialog stays until it is taken away. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog. What had the focus before has it again after. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // At once, so that the next key that is pressed is the dialog's.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      // The button that opened it may be gone with what it did.
      const isThere = before instanceof HTMLElement && before.isConnected;
      (isThere ? before : document.querySelector<HTMLElement>('.panel h2'))?.focus();
    };
  }, []);
  const cancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  // Chromium closes a dialog on a second Esc whatever `cancel` says.
  const keepOpen = (event: KeyboardEvent) => {
    if (event.key === 'Escape') cancel(event);
  };
  // Where the browser closed it all the same, what is in it must not be lost.
  const reopen = () => dialog.current?.showModal();
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onCancel={cancel} onClose={reopen} onKeyDown={keepOpen}>
      <header>
        <h2 id={titleId}>{title}</h2>
        <button type="button" class="icon" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}
