import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { EDITABLE_FIELDS } from '../../keys/table.ts';
import { relativeTime } from '../../operator/notices.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { Choice, TextField } from './Field.tsx';
import { ExpiryFields, KeyFields } from './KeyFields.tsx';
import { api, type ApiError, type Issued } from './api.ts';
import { changesOf, EMPTY_FORM, expiryOf, formOf, type KeyForm, newKeyOf } from './keyForm.ts';

export interface KeyDialogProps {
  readonly record: ConsoleKey;
  readonly onClose: () => void;
  /** Takes the key as the server has it. */
  readonly onChanged: (record: ConsoleKey) => void;
}

/** Asks what is to change. What another console changed meanwhile is told, and never written over unseen. */
export function EditDialog({ record, onClose, onChanged }: KeyDialogProps) {
  const [base, setBase] = useState(record);
  const [form, setForm] = useState(() => formOf(record));
  const [news, setNews] = useState<string>();
  const save = async () => {
    const changes = changesOf(form, formOf(base), Date.now());
    if (Object.keys(changes).length === 0) throw new Error('nothing is changed');
    onChanged(await api.update(base, changes));
    onClose();
  };
  const takeOver = async () => {
    const now = await api.read(base.id);
    setNews(differenceOf(base, now));
    // As it stands by now: somebody may have typed on.
    setForm((current) => ({ ...formOf(now), ...keptEdits(current, base) }));
    setBase(now);
  };
  const remedy = ({ code }: ApiError, run: (work: () => Promise<void>) => void) =>
    code === 'CONFLICT' ? (
      <button type="button" onClick={() => run(takeOver)}>
        See what changed, and keep my edits
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
      {news === undefined ? null : (
        <p role="status" class="notice">
          {news}
        </p>
      )}
      <KeyFields form={form} onForm={setForm} expiresNow={expiresNow} />
    </ChangeForm>
  );
}

function differenceOf(before: ConsoleKey, now: ConsoleKey): string {
  const changed = EDITABLE_FIELDS.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  const told = changed.map((name) => `${name} is now ${now[name] === undefined ? 'empty' : JSON.stringify(now[name])}`);
  return told.length === 0
    ? 'Changed meanwhile, but in none of these fields. Save applies your edits.'
    : `Changed meanwhile: ${told.join('; ')}. Save puts your edits in place of it.`;
}

/** What of a form was edited since it stood for the key. */
function keptEdits(form: KeyForm, base: ConsoleKey): Partial<KeyForm> {
  const begun = formOf(base);
  const edited = Object.entries(form).filter(([name, value]) => value !== begun[name as keyof KeyForm]);
  return Object.fromEntries(edited);
}

export interface NewKeyDialogProps {
  readonly onIssued: (issued: Issued) => void;
  readonly onClose: () => void;
}

/** Asks what a new key is to be, and issues it. */
export function NewKeyDialog({ onIssued, onClose }: NewKeyDialogProps) {
  const [form, setForm] = useState(EMPTY_FORM);
  const issue = async () => onIssued(await api.create(newKeyOf(form, Date.now())));
  return (
    <ChangeForm title="New key" action="Create key" onSubmit={issue} onClose={onClose}>
      <KeyFields form={form} onForm={setForm} />
    </ChangeForm>
  );
}

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
