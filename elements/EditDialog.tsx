import { useState } from 'preact/hooks';
import { ChangeForm } from '../components/ChangeForm.tsx';
import { fill } from '../components/language.ts';
import { printable } from '../keys/printable.ts';
import { type KeyForm, longestExpiry, newForm, toChanges, toForm, toNewKey } from './keyFields.ts';
import { KeyFormFields } from './KeyFormFields.tsx';
import { OnceOnlyChange, randomIdempotencyKey } from './onceOnly.ts';
import type { OwnedKey, OwnedKeyFields, OwnerAccess } from './ownedKey.ts';
import type { KeyChanges } from './useKeyChanges.ts';
import { useKeysPage } from './useKeysPage.ts';

interface NewKeyDialogProps {
  readonly access: OwnerAccess;
  readonly changes: KeyChanges;
  readonly onClose: () => void;
}

/** Creates a key with the fields of a form. A second try after a lost response doesn't create a second key. */
export function NewKeyDialog({ access, changes, onClose }: NewKeyDialogProps) {
  const { client, language } = useKeysPage();
  const { texts } = language;
  const [form, setForm] = useState<KeyForm>(() => newForm(access));
  const [once] = useState(() => new OnceOnlyChange<OwnedKeyFields>({ newIdempotencyKey: randomIdempotencyKey }));
  const toBody = () => toNewKey(form, access, Date.now(), language);
  const create = async () => {
    changes.onIssued(await changes.attempt(() => once.run(form, toBody, client.create), true));
  };
  const longest = longestExpiry(access, Date.now());
  return (
    <ChangeForm title={texts.newKey} action={texts.createKey} onSubmit={create} onClose={onClose}>
      <KeyFormFields
        {...{ form, access }}
        onForm={setForm}
        keep={longest === null ? undefined : { name: texts.expiry_longest, expiresAt: longest }}
      />
    </ChangeForm>
  );
}

interface EditDialogProps extends NewKeyDialogProps {
  readonly record: OwnedKey;
}

/** Edits a key. The server rejects the change if somebody else has changed the key since. */
export function EditDialog({ record, access, changes, onClose }: EditDialogProps) {
  const { client, language } = useKeysPage();
  const { texts } = language;
  const [form, setForm] = useState<KeyForm>(() => toForm(record));
  const save = async () => {
    const fields = toChanges(form, record, Date.now(), language);
    if (Object.keys(fields).length === 0) throw new Error(texts.nothingToSave);
    changes.onSaved(await changes.attempt(() => client.update(record, fields)));
    onClose();
  };
  const { expiresAt } = record;
  return (
    <ChangeForm
      title={fill(texts.editTitle, { label: printable(record.label) })}
      action={texts.save}
      onSubmit={save}
      onClose={onClose}
    >
      <KeyFormFields
        {...{ form, access }}
        onForm={setForm}
        keep={expiresAt === undefined ? undefined : { name: texts.keep, expiresAt }}
      />
    </ChangeForm>
  );
}
