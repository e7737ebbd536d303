import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { toEpochMs } from '../../keys/timestamp.ts';
import { relativeTime } from '../../operator/notices.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, type Issued } from './api.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { effectSentence, oldKeyEnd, successorExpiry } from './effect.ts';
import { exactTime } from './exactTime.ts';
import { ExpiryField } from './ExpiryField.tsx';
import { type Segment, Segments } from './Field.tsx';
import { toExpiry } from './keyForm.ts';

interface RotateDialogProps {
  readonly record: ConsoleKey;
  readonly nowMs: number;
  /** The deployment's revocation delay in seconds. `null` if it's unknown. */
  readonly delaySeconds: number | null;
  readonly onIssued: (issued: Issued) => void;
  readonly onClose: () => void;
}

const GRACES: readonly Segment[] = [
  { value: '0', name: 'Now' },
  { value: '3600', name: '1 hour' },
  { value: '86400', name: '24 hours' },
  { value: '604800', name: '7 days' },
  { value: '2592000', name: '30 days' },
];

/** Rotates a key, with a grace period for the old key and an expiry for the new one. Previews both times. */
export function RotateDialog({ record, nowMs, delaySeconds, onClose, onIssued }: RotateDialogProps) {
  const [graceSeconds, setGrace] = useState('86400');
  const [expiry, setExpiry] = useState({ expiry: 'keep', expiresAt: '' });
  const rotate = async () => {
    const expiresAt = toExpiry(expiry, Date.now());
    const options = { graceSeconds: Number(graceSeconds), ...(expiresAt === undefined ? {} : { expiresAt }) };
    onIssued(await api.rotate(record.id, options));
  };
  return (
    <ChangeForm title={`Rotate ${printable(record.label)}`} action="Rotate key" onSubmit={rotate} onClose={onClose}>
      <p>You get a new key with the same label, owner, scopes, plan and metadata.</p>
      <Segments
        name="grace"
        label="The old key stops working"
        value={graceSeconds}
        segments={GRACES}
        onValue={setGrace}
        isFirst
        hint={previewOldKey({ record, graceSeconds: Number(graceSeconds), delaySeconds, nowMs })}
      />
      <ExpiryField
        label="The new key expires"
        form={expiry}
        onForm={(change) => setExpiry({ ...expiry, ...change })}
        keep={{ name: 'Same', expiresAt: successorExpiry(record, nowMs) }}
      />
    </ChangeForm>
  );
}

interface OldKeyDeps extends Pick<RotateDialogProps, 'record' | 'nowMs' | 'delaySeconds'> {
  readonly graceSeconds: number;
}

function previewOldKey({ record, graceSeconds, delaySeconds, nowMs }: OldKeyDeps): string {
  const end = oldKeyEnd(record, graceSeconds, nowMs);
  if (toEpochMs(end) <= nowMs) return effectSentence('Refused', delaySeconds, nowMs);
  const isOwnExpiry = end === record.expiresAt;
  const why = isOwnExpiry ? ', at its own expiry' : '';
  return `Both keys work until ${exactTime(end)} (${relativeTime(end, nowMs)}${why}).`;
}
