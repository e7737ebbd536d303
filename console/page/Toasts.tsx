import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { CrossGlyph } from '../../components/glyphs.tsx';

/** A short message about a change. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  /** A problem stays until the user closes it. */
  readonly isProblem: boolean;
  readonly undo: (() => void) | undefined;
}

/** The options of a toast. */
export interface ToastOptions {
  readonly isProblem?: boolean;
  /** Undoes the change. The toast then has an Undo button. */
  readonly undo?: () => void;
}

/** The shown toasts, and the functions that change them. */
export interface ToastStack {
  readonly toasts: readonly Toast[];
  readonly show: (text: string, options?: ToastOptions) => void;
  readonly close: (id: number) => void;
}

const SHOWN_MS = 6000;
/** Maximum number of toasts. A new one replaces the oldest. */
const MAX_TOASTS = 3;

/** Keeps the toasts of the page. */
export function useToasts(): ToastStack {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const nextId = useRef(0);
  const show = useCallback((text: string, { isProblem = false, undo }: ToastOptions = {}) => {
    const toast = { id: nextId.current++, text, isProblem, undo };
    setToasts((shown) => [...shown, toast].slice(-MAX_TOASTS));
  }, []);
  const close = useCallback((id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)), []);
  return { toasts, show, close };
}

/** Shows the toasts at the edge of the page. Screen readers announce them when they have finished speaking. */
export function Toasts({ toasts, close }: Pick<ToastStack, 'toasts' | 'close'>) {
  return (
    <div class="toasts" role="region" aria-label="Notifications">
      <div aria-live="polite" aria-relevant="additions">
        {toasts.map((toast) => (
          <ToastBox key={toast.id} toast={toast} onClose={() => close(toast.id)} />
        ))}
      </div>
    </div>
  );
}

/** Closes itself after six seconds, but not while the pointer or the focus is on it (WCAG 2.2, 2.2.1). */
function ToastBox({ toast, onClose }: { toast: Toast; onClose: () => void }) {
  const { text, isProblem, undo } = toast;
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld || isProblem) return undefined;
    const timer = setTimeout(onClose, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isHeld]);
  const hold = () => setHeld(true);
  const release = () => setHeld(false);
  return (
    <div
      class={`toast ${isProblem ? 'toast-problem' : ''}`}
      onPointerEnter={hold}
      onPointerLeave={release}
      onFocusIn={hold}
      onFocusOut={release}
    >
      <p>{text}</p>
      {undo === undefined ? null : (
        <button
          type="button"
          class="toast-undo"
          onClick={() => {
            onClose();
            undo();
          }}
        >
          Undo
        </button>
      )}
      <button type="button" class="icon" aria-label="Close this notification" onClick={onClose}>
        <CrossGlyph />
      </button>
    </div>
  );
}
