import { useState } from 'preact/hooks';
import { api, type Issued } from './api.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { EMPTY_FORM, newKeyOf } from './keyForm.ts';
import { KeyFields } from './KeyFields.tsx';

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
