import { useState } from 'preact/hooks';
import { api, type Issued } from './api.ts';
import { ChangeForm } from '../../components/ChangeForm.tsx';
import { Segments } from '../../components/Field.tsx';
import { EMPTY_FORM, toNewKey } from './keyForm.ts';
import { KeyFields, type Suggestions } from './KeyFields.tsx';

interface NewKeyDialogProps {
  readonly suggestions: Suggestions;
  /** The prefixes that the key can have. */
  readonly keyPrefixes: readonly string[];
  readonly onIssued: (issued: Issued) => void;
  readonly onClose: () => void;
}

/** Creates a key with the fields of a form. It offers the prefixes if there are several. */
export function NewKeyDialog({ suggestions, keyPrefixes, onIssued, onClose }: NewKeyDialogProps) {
  const [form, setForm] = useState(EMPTY_FORM);
  const [prefix, setPrefix] = useState(keyPrefixes[0]);
  const issue = async () => onIssued(await api.create({ ...toNewKey(form, Date.now()), prefix }));
  return (
    <ChangeForm title="New key" action="Create key" onSubmit={issue} onClose={onClose}>
      <KeyFields form={form} onForm={setForm} suggestions={suggestions} />
      {prefix !== undefined && keyPrefixes.length > 1 ? (
        <Segments
          name="prefix"
          label="Prefix"
          value={prefix}
          segments={keyPrefixes.map((value) => ({ value, name: value }))}
          onValue={setPrefix}
        />
      ) : null}
    </ChangeForm>
  );
}
