import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api } from './api.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { effectSentence } from './effect.ts';
import { TextField } from './Field.tsx';
import { ExactTime, LastUsed } from './Time.tsx';
import { isUsedToday } from './urgency.ts';

interface RevokeDialogProps {
  readonly record: ConsoleKey;
  readonly nowMs: number;
  /** The deployment's revocation delay in seconds. `null` if it's unknown. */
  readonly delaySeconds: number | null;
  readonly onClose: () => void;
  /** Receives the revoked key from the server. */
  readonly onChanged: (record: ConsoleKey) => void;
}

/**
 * Revokes a key, with an optional reason. Names what depends on the key. The user has to type the prefix of a key that
 * was used today.
 */
export function RevokeDialog({ record, nowMs, delaySeconds, onClose, onChanged }: RevokeDialogProps) {
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [mustType] = useState(() => isUsedToday(record, nowMs));
  const word = record.keyPrefix ?? record.id.slice(0, 8);
  const revoke = async () => {
    if (mustType && typed.trim() !== word) throw new Error(`confirm: expected ${printable(word)}`);
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
      <p>A revoked key never works again. You can't undo this.</p>
      <Consequences {...{ record, nowMs, delaySeconds }} />
      {mustType ? (
        <TextField
          name="confirm"
          label={
            <>
              Type <code>{printable(word)}</code> to confirm
            </>
          }
          hint="This key was used in the last 24 hours."
          value={typed}
          onValue={setTyped}
          isFirst
        />
      ) : null}
      <TextField
        name="reason"
        label="Reason"
        isOptional
        hint="Stored with the key and shown in its timeline."
        placeholder="found in a public repository"
        value={reason}
        onValue={setReason}
        isFirst={!mustType}
      />
    </ChangeForm>
  );
}

function Consequences({ record, nowMs, delaySeconds }: Pick<RevokeDialogProps, 'record' | 'nowMs' | 'delaySeconds'>) {
  const { owner, lastUsedAt } = record;
  return (
    <dl class="facts">
      <div>
        <dt>Owner</dt>
        <dd>{owner === undefined ? <span class="quiet">none</span> : printable(owner)}</dd>
      </div>
      <div>
        <dt>Last used</dt>
        <dd>
          <LastUsed record={record} nowMs={nowMs} />
          {lastUsedAt === undefined ? null : (
            <span class="quiet">
              {' '}
              <ExactTime at={lastUsedAt} />
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt>Effect</dt>
        <dd>{effectSentence('Refused', delaySeconds, nowMs)}</dd>
      </div>
    </dl>
  );
}
