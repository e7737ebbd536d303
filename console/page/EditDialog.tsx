import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { EDITABLE_FIELDS } from '../../keys/table.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { api, ApiError } from './api.ts';
import { ChangeForm } from '../../components/ChangeForm.tsx';
import { getChanges, toForm, type KeyForm } from './keyForm.ts';
import { KeyFields, type Suggestions } from './KeyFields.tsx';

/** The codes of a change that is based on an old version. */
const VERSION_CODES: ReadonlySet<string> = new Set(['CONFLICT', 'PRECONDITION_FAILED']);

interface EditDialogProps {
  readonly record: ConsoleKey;
  readonly suggestions: Suggestions;
  readonly onClose: () => void;
  /** Receives the changed key from the server. */
  readonly onChanged: (record: ConsoleKey) => void;
}

/** Edits a key. The dialog shows the changes that another console has made since, before it overwrites them. */
export function EditDialog({ record, suggestions, onClose, onChanged }: EditDialogProps) {
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
  const remedy = (error: Error, run: (work: () => Promise<void>) => void) =>
    error instanceof ApiError && VERSION_CODES.has(error.code) ? (
      <button type="button" onClick={() => run(loadLatest)}>
        Load the latest version and keep my edits
      </button>
    ) : null;
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
      <KeyFields form={form} onForm={setForm} suggestions={suggestions} expiresNow={base.expiresAt} />
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

/** Returns the form's fields that differ from the key. A scope field that had the focus ends with a space. */
function getEdits(form: KeyForm, base: ConsoleKey): Partial<KeyForm> {
  const original = toForm(base);
  const edited = Object.entries(form).filter(
    ([name, value]) => String(value).trim() !== String(original[name as keyof KeyForm]).trim(),
  );
  return Object.fromEntries(edited);
}
