import { useState } from 'preact/hooks';
import { relativeTime } from '../../cli/relativeTime.ts';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, type ApiError } from './api.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { changesOf, formOf, type KeyForm } from './keyForm.ts';
import { KeyFields } from './KeyFields.tsx';

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

const FIELDS = ['label', 'owner', 'scopes', 'plan', 'expiresAt', 'metadata'] as const;

function differenceOf(before: ConsoleKey, now: ConsoleKey): string {
  const changed = FIELDS.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  const told = changed.map((name) => `${name} is now ${now[name] === undefined ? 'empty' : JSON.stringify(now[name])}`);
  return told.length === 0
    ? 'It is as it was.'
    : `Changed meanwhile: ${told.join('; ')}. Save puts your edits in place of it.`;
}

/** What of a form was edited since it stood for the key. */
function keptEdits(form: KeyForm, base: ConsoleKey): Partial<KeyForm> {
  const begun = formOf(base);
  const edited = Object.entries(form).filter(([name, value]) => value !== begun[name as keyof KeyForm]);
  return Object.fromEntries(edited);
}
