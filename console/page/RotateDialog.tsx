import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api } from './api.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { Choice } from './Field.tsx';
import { expiryOf } from './keyForm.ts';
import { ExpiryFields } from './KeyFields.tsx';
import type { NewKeyDialogProps } from './NewKeyDialog.tsx';

interface RotateDialogProps extends NewKeyDialogProps {
  readonly record: ConsoleKey;
}

const GRACES: readonly (readonly [value: string, name: string])[] = [
  ['0', 'None: it ends now'],
  ['3600', '1 hour'],
  ['86400', '24 hours'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
];

/** Asks how long the old key works on, and rotates. */
export function RotateDialog({ record, onClose, onIssued }: RotateDialogProps) {
  const [graceSeconds, setGrace] = useState('86400');
  const [expiry, setExpiry] = useState({ expiry: 'keep', expiresAt: '' });
  const rotate = async () => {
    const expiresAt = expiryOf(expiry, Date.now());
    const options = { graceSeconds: Number(graceSeconds), ...(expiresAt === undefined ? {} : { expiresAt }) };
    onIssued(await api.rotate(record.id, options));
  };
  return (
    <ChangeForm title={`Rotate ${printable(record.label)}`} action="Rotate key" onSubmit={rotate} onClose={onClose}>
      <p>A successor is issued, with the same owner, scopes, plan and metadata.</p>
      <Choice label="The old key works for another" value={graceSeconds} choices={GRACES} onValue={setGrace} />
      <fieldset>
        <legend>The new key</legend>
        <ExpiryFields
          form={expiry}
          onForm={(change) => setExpiry({ ...expiry, ...change })}
          keepName="As long after its issue as the old one"
        />
      </fieldset>
    </ChangeForm>
  );
}
