import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Dialog, useLeaveGuard } from './Dialog.tsx';
import { FieldErrors } from './Field.tsx';
import { splitErrors } from './formErrors.ts';
import { useLanguage } from './useLanguage.ts';

interface ChangeFormProps {
  readonly title: string;
  /** The label of the submit button. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** Makes the change. The form shows the error and stays open if it throws. */
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  /**
   * Returns the content to show below an error. It passes its work to `run`, which handles errors the same as for
   * `onSubmit`.
   */
  readonly remedy?: (error: Error, run: (work: () => Promise<void>) => void) => ComponentChildren;
  readonly children: ComponentChildren;
}

/**
 * Shows a dialog with a form that makes a change. It stays open during the change. If the change fails, it shows the
 * error at its field and moves the focus there. Other errors are above the buttons.
 */
export function ChangeForm(props: ChangeFormProps) {
  const { title, action, isDangerous, onSubmit, onClose, remedy, children } = props;
  const { isBusy, error, run } = useChange();
  const { texts } = useLanguage();
  const form = useRef<HTMLFormElement>(null);
  const { byField, rest } = splitErrors(error?.message ?? '');
  // The fields receive their errors after this component has rendered, so a layout effect would be too early.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);
  const submit = (event: Event) => {
    event.preventDefault();
    void run(onSubmit);
  };
  const close = () => {
    if (!isBusy) onClose();
  };
  return (
    <Dialog title={title} onClose={close}>
      {/* The form checks its fields itself, because the browser's messages can't be styled and disappear. */}
      <form ref={form} onSubmit={submit} autoComplete="off" noValidate>
        <FieldErrors.Provider value={byField}>{children}</FieldErrors.Provider>
        <div role="alert">
          {error === undefined || rest === '' ? null : (
            <div class="refusal">
              <p>{rest}</p>
              {remedy?.(error, (work) => void run(work))}
            </div>
          )}
        </div>
        <footer>
          {/* The button isn't `disabled`, because a disabled button loses the focus to the page. */}
          <button type="button" onClick={close} aria-disabled={isBusy}>
            {texts.cancel}
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} aria-disabled={isBusy}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Runs one change at a time. Keeps the last one's error until the next one starts. */
function useChange() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  useLeaveGuard(isBusy);
  const run = async (work: () => Promise<void>) => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    await work().catch((failure: unknown) => {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    });
    setBusy(false);
  };
  return { isBusy, error, run };
}
