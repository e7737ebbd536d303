import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { api } from './api.ts';
import { ChangeForm } from './ChangeForm.tsx';
import type { KeyDialogProps } from './EditDialog.tsx';
import { TextField } from './Field.tsx';

/** Asks why, and revokes. */
export function RevokeDialog({ record, onClose, onChanged }: KeyDialogProps) {
  const [reason, setReason] = useState('');
  const revoke = async () => {
    onChanged(await api.revoke(record.id, reason === '' ? {} : { reason }));
    onClose();
  };
  return (
    <ChangeForm
      title={`Revoke ${printable(record.label)}?`}
      action="Revoke key"
      isDangerous
      onSubmit={revoke}
      onClose={onClose}
    >
      <p>It is refused for good. This cannot be undone.</p>
      <TextField label="Reason" hint="For the record" value={reason} onValue={setReason} isFirst />
    </ChangeForm>
  );
}
