import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { api } from './api.ts';
import { type BulkResult, changeAll, countKeys } from './bulk.ts';
import { ChangeForm } from '../../components/ChangeForm.tsx';
import { effectSentence } from './effect.ts';
import { TextField } from '../../components/Field.tsx';
import { LastUsed } from '../../components/Time.tsx';
import { isUsedToday } from '../../components/urgency.ts';

interface BulkRevokeDialogProps {
  readonly records: readonly ConsoleKey[];
  readonly nowMs: number;
  /** The deployment's revocation delay in seconds. `null` if it's unknown. */
  readonly delaySeconds: number | null;
  readonly onRevoked: (result: BulkResult) => void;
  readonly onClose: () => void;
}

const MAX_NAMED = 5;

/** Revokes several keys. The user has to type their number if one of them was used today. */
export function BulkRevokeDialog({ records, nowMs, delaySeconds, onRevoked, onClose }: BulkRevokeDialogProps) {
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const usedToday = records.filter((record) => isUsedToday(record, nowMs)).length;
  const name = countKeys(records.length);
  const word = String(records.length);
  const revoke = async () => {
    if (usedToday > 0 && typed.trim() !== word) throw new Error(`confirm: expected ${word}`);
    const result = await changeAll(records, ({ id }) => api.revoke(id, reason === '' ? {} : { reason }));
    // The form shows the error at its field, and keeps the reason.
    if (result.changed.length === 0 && result.message !== undefined) throw new Error(result.message);
    onRevoked(result);
    onClose();
  };
  return (
    <ChangeForm title={`Revoke ${name}?`} action={`Revoke ${name}`} isDangerous onSubmit={revoke} onClose={onClose}>
      <p>A revoked key never works again. You can’t undo this. {effectSentence('Refused', delaySeconds, nowMs)}</p>
      <ul class="named-keys">
        {records.slice(0, MAX_NAMED).map((record) => (
          <li key={record.id}>
            <strong>{printable(record.label)}</strong>
            {record.owner === undefined ? null : <span class="quiet">{printable(record.owner)}</span>}
            <LastUsed record={record} nowMs={nowMs} />
          </li>
        ))}
        {records.length > MAX_NAMED ? <li class="quiet">and {countKeys(records.length - MAX_NAMED)} more</li> : null}
      </ul>
      {usedToday === 0 ? null : (
        <TextField
          name="confirm"
          label={`Type ${word} to confirm`}
          hint={`${countKeys(usedToday)} of these ${usedToday === 1 ? 'was' : 'were'} used in the last 24 hours.`}
          value={typed}
          onValue={setTyped}
          isFirst
        />
      )}
      <TextField
        name="reason"
        label="Reason"
        isOptional
        hint="Stored with each key."
        value={reason}
        onValue={setReason}
        isFirst={usedToday === 0}
      />
    </ChangeForm>
  );
}
