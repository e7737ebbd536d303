import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from './api.ts';
import { Dialog } from './Dialog.tsx';
import { useLeaveGuard } from './leaveGuard.ts';

interface ChangeFormProps {
  readonly title: string;
  /** What the button says that makes the change. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** Makes the change; what it throws is shown, and the form stays. */
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  /** What is shown beneath a refusal. What it has done is shown as a change is. */
  readonly remedy?: (error: ApiError, run: (work: () => Promise<void>) => void) => ComponentChildren;
  readonly children: ComponentChildren;
}

/** A dialog that asks for a change, and tells why the server refused it. It stays open until the change is answered. */
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
      setError(failure instanceof ApiError ? failure : new ApiError('INPUT_INVALID', messageOf(failure)));
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
          {/* Disabled, the focus would leave the dialog. */}
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

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
