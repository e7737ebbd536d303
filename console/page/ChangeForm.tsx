import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from './api.ts';
import { Dialog } from './Dialog.tsx';

interface ChangeFormProps {
  readonly title: string;
  /** What the button says that makes the change. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** Makes the change; what it throws is shown, and the form stays. */
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  /** What is shown beneath a refusal. */
  readonly remedy?: (error: ApiError) => ComponentChildren;
  readonly children: ComponentChildren;
}

/** A dialog that asks for a change, and tells why the server refused it. */
export function ChangeForm(props: ChangeFormProps) {
  const { title, action, isDangerous, onSubmit, onClose, remedy, children } = props;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    await onSubmit().catch((failure: unknown) => {
      setError(failure instanceof ApiError ? failure : new ApiError('INPUT_INVALID', messageOf(failure)));
    });
    setBusy(false);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit} autoComplete="off">
        {children}
        <div role="alert">
          {error === undefined ? null : (
            <div class="refusal">
              <p>{error.message}</p>
              {remedy?.(error)}
            </div>
          )}
        </div>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={isBusy}>
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
