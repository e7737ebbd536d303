import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { Issued } from './api.ts';
import { Dialog } from './Dialog.tsx';
import { useLeaveGuard } from './leaveGuard.ts';

interface SecretDialogProps {
  readonly issued: Issued;
  readonly onClose: () => void;
}

/** Shows a secret, this once. Who has not copied it is asked before it goes. */
export function SecretDialog({ issued, onClose }: SecretDialogProps) {
  const { key, record } = issued;
  const [copying, setCopying] = useState<'not yet' | 'done' | 'failed'>('not yet');
  const [isAsked, setAsked] = useState(false);
  useLeaveGuard(copying !== 'done');
  const copy = async () => {
    const isCopied = await navigator.clipboard.writeText(key).then(
      () => true,
      () => false,
    );
    setCopying(isCopied ? 'done' : 'failed');
  };
  const close = () => (copying === 'done' || isAsked ? onClose() : setAsked(true));
  return (
    <Dialog title={`The key ${printable(record.label)}`} onClose={close}>
      <p>Keep it now: it will not be shown again.</p>
      <code class="secret" tabIndex={0} aria-label="The key">
        {key}
      </code>
      <p role="status" class="copied">
        {copying === 'done' ? 'Copied.' : null}
        {copying === 'failed' ? 'It could not be copied: select it and copy it yourself.' : null}
        {isAsked && copying !== 'done' ? 'It is not copied. Close once more, and it is gone.' : null}
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
