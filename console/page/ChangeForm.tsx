import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from './api.ts';
import { Dialog, useLeaveGuard } from './Dialog.tsx';

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
  readonly remedy?: (error: ApiError, run: (work: () => Promise<void>) => void) => ComponentChildren;
  readonly children: ComponentChildren;
}

/**
 * Shows a dialog with a form that makes a change. It stays open during the change. It shows the error if the change
 * fails.
 */
export function ChangeForm(props: ChangeFormProps) {
  const { title, action, isDangerous, onSubmit, onClose, remedy, children } = props;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  useLeaveGuard(isBusy);
  const run = async (work: () => Promise<void>) => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    await work().catch((failure: unknown) => {
      setError(failure instanceof ApiError ? failure : new ApiError('INPUT_INVALID', toMessage(failure)));
    });
    setBusy(false);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void run(onSubmit);
  };
  const close = () => {
    if (!isBusy) onClose();
  };
  return (
    <Dialog title={title} onClose={close}>
      <form onSubmit={submit} autoComplete="off">
        {children}
        <div role="alert">
          {error === undefined ? null : (
            <div class="refusal">
              <p>{error.message}</p>
              {remedy?.(error, (work) => void run(work))}
            </div>
          )}
        </div>
        <footer>
          {/* The button isn't `disabled`, because a disabled button loses the focus to the page. */}
          <button type="button" onClick={close} aria-disabled={isBusy}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} aria-disabled={isBusy}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function toMessage(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
