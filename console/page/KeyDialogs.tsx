import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { EDITABLE_FIELDS } from '../../keys/table.ts';
import { relativeTime } from '../../operator/notices.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { Choice, TextField } from './Field.tsx';
import { ExpiryFields, KeyFields } from './KeyFields.tsx';
import { api, type ApiError, type Issued } from './api.ts';
import { getChanges, EMPTY_FORM, toExpiry, toForm, type KeyForm, toNewKey } from './keyForm.ts';

export interface KeyDialogProps {
  readonly record: ConsoleKey;
  readonly onClose: () => void;
  /** Receives the changed key from the server. */
  readonly onChanged: (record: ConsoleKey) => void;
}

/** Edits a key. The dialog shows the changes that another console has made since, before it overwrites them. */
export function EditDialog({ record, onClose, onChanged }: KeyDialogProps) {
  const [base, setBase] = useState(record);
  const [form, setForm] = useState(() => toForm(record));
  const [difference, setDifference] = useState<string>();
  const save = async () => {
    const changes = getChanges(form, toForm(base), Date.now());
    if (Object.keys(changes).length === 0) throw new Error('there are no changes to save');
    onChanged(await api.update(base, changes));
    onClose();
  };
  const loadLatest = async () => {
    const now = await api.read(base.id);
    setDifference(describeDifference(base, now));
    // Reads the form's current state, because the operator may have typed during the read.
    setForm((current) => ({ ...toForm(now), ...getEdits(current, base) }));
    setBase(now);
  };
  const remedy = ({ code }: ApiError, run: (work: () => Promise<void>) => void) =>
    code === 'CONFLICT' ? (
      <button type="button" onClick={() => run(loadLatest)}>
        Load the latest version and keep my edits
      </button>
    ) : null;
  const expiresNow = base.expiresAt && relativeTime(base.expiresAt, Date.now());
  return (
    <ChangeForm
      title={`Edit ${printable(record.label)}`}
      action="Save"
      onSubmit={save}
      onClose={onClose}
      remedy={remedy}
    >
      {difference === undefined ? null : (
        <p role="status" class="notice">
          {difference}
        </p>
      )}
      <KeyFields form={form} onForm={setForm} expiresNow={expiresNow} />
    </ChangeForm>
  );
}

function describeDifference(before: ConsoleKey, now: ConsoleKey): string {
  const changed = EDITABLE_FIELDS.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  if (changed.length === 0)
    return 'Changed since you opened it, but in none of these fields. Save to apply your edits.';
  const values = changed.map(
    (name) => `${name} is now ${now[name] === undefined ? 'empty' : JSON.stringify(now[name])}`,
  );
  return `Changed since you opened it: ${values.join('; ')}. Save to overwrite the fields that you edited.`;
}

/** Returns the form's fields that differ from the key. */
function getEdits(form: KeyForm, base: ConsoleKey): Partial<KeyForm> {
  const original = toForm(base);
  const edited = Object.entries(form).filter(([name, value]) => value !== original[name as keyof KeyForm]);
  return Object.fromEntries(edited);
}

export interface NewKeyDialogProps {
  readonly onIssued: (issued: Issued) => void;
  readonly onClose: () => void;
}

/** Creates a key with the fields of a form. */
export function NewKeyDialog({ onIssued, onClose }: NewKeyDialogProps) {
  const [form, setForm] = useState(EMPTY_FORM);
  const issue = async () => onIssued(await api.create(toNewKey(form, Date.now())));
  return (
    <ChangeForm title="New key" action="Create key" onSubmit={issue} onClose={onClose}>
      <KeyFields form={form} onForm={setForm} />
    </ChangeForm>
  );
}

/** Revokes a key after a confirmation, with an optional reason. */
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
      <p>The authorizer will reject this key for good. You can't undo this.</p>
      <TextField label="Reason" hint="Optional; stored with the key" value={reason} onValue={setReason} isFirst />
    </ChangeForm>
  );
}

interface RotateDialogProps extends NewKeyDialogProps {
  readonly record: ConsoleKey;
}

const GRACES: readonly (readonly [value: string, name: string])[] = [
  ['0', 'Now'],
  ['3600', 'In 1 hour'],
  ['86400', 'In 24 hours'],
  ['604800', 'In 7 days'],
  ['2592000', 'In 30 days'],
];

/** Rotates a key, with a grace period for the old key and an expiry for the new one. */
export function RotateDialog({ record, onClose, onIssued }: RotateDialogProps) {
  const [graceSeconds, setGrace] = useState('86400');
  const [expiry, setExpiry] = useState({ expiry: 'keep', expiresAt: '' });
  const rotate = async () => {
    const expiresAt = toExpiry(expiry, Date.now());
    const options = { graceSeconds: Number(graceSeconds), ...(expiresAt === undefined ? {} : { expiresAt }) };
    onIssued(await api.rotate(record.id, options));
  };
  return (
    <ChangeForm title={`Rotate ${printable(record.label)}`} action="Rotate key" onSubmit={rotate} onClose={onClose}>
      <p>Rotating creates a new key with the same label, owner, scopes, plan and metadata.</p>
      <Choice label="The old key stops working" value={graceSeconds} choices={GRACES} onValue={setGrace} />
      <fieldset>
        <legend>New key</legend>
        <ExpiryFields
          form={expiry}
          onForm={(change) => setExpiry({ ...expiry, ...change })}
          keepName="After the same lifetime as the old key"
        />
      </fieldset>
    </ChangeForm>
  );
}
