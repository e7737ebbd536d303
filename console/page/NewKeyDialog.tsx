import { useState } from 'preact/hooks';
import { api, type Issued } from './api.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { EMPTY_FORM, toNewKey } from './keyForm.ts';
import { KeyFields, type Suggestions } from './KeyFields.tsx';

interface NewKeyDialogProps {
  readonly suggestions: Suggestions;
  readonly onIssued: (issued: Issued) => void;
  readonly onClose: () => void;
}

/** Creates a key with the fields of a form. */
export function NewKeyDialog({ suggestions, onIssued, onClose }: NewKeyDialogProps) {
  const [form, setForm] = useState(EMPTY_FORM);
  const issue = async () => onIssued(await api.create(toNewKey(form, Date.now())));
  return (
    <ChangeForm title="New key" action="Create key" onSubmit={issue} onClose={onClose}>
      <KeyFields form={form} onForm={setForm} suggestions={suggestions} />
    </ChangeForm>
  );
}
