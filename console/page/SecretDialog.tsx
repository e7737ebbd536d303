import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { Issued } from './api.ts';
import { Dialog, useLeaveGuard } from './Dialog.tsx';

interface SecretDialogProps {
  readonly issued: Issued;
  readonly onClose: () => void;
}

/**
 * Shows a new key's secret, which can't be shown again. The dialog closes only after a second confirmation if the user
 * hasn't copied the secret yet.
 */
export function SecretDialog({ issued, onClose }: SecretDialogProps) {
  const { key, record } = issued;
  const [copying, setCopying] = useState<'not yet' | 'done' | 'failed'>('not yet');
  const [isWarned, setWarned] = useState(false);
  useLeaveGuard(copying !== 'done');
  const copy = async () => {
    const isCopied = await navigator.clipboard.writeText(key).then(
      () => true,
      () => false,
    );
    setCopying(isCopied ? 'done' : 'failed');
  };
  const close = () => (copying === 'done' || isWarned ? onClose() : setWarned(true));
  return (
    <Dialog title={`Save your key: ${printable(record.label)}`} onClose={close}>
      <p>Copy the key now. You won't be able to see it again.</p>
      <code class="secret" tabIndex={0} aria-label="Key">
        {key}
      </code>
      <p role="status" class="copied">
        {copying === 'done' ? 'Copied.' : null}
        {copying === 'failed' ? "Couldn't copy the key. Select it and copy it yourself." : null}
        {isWarned && copying !== 'done' ? "You haven't copied the key. Close again to discard it." : null}
      </p>
      <footer>
        <button type="button" onClick={close}>
          Close
        </button>
        <button type="button" class="primary" data-first onClick={() => void copy()}>
          Copy key
        </button>
      </footer>
    </Dialog>
  );
}
