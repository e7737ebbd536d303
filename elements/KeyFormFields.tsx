import { useContext, useState } from 'preact/hooks';
import { ExpiryField } from '../components/ExpiryField.tsx';
import { Field, FieldErrors, Segments, TextField } from '../components/Field.tsx';
import { printable } from '../keys/printable.ts';
import type { Timestamp } from '../keys/timestamp.ts';
import { expiryChoices, type KeyForm } from './keyFields.ts';
import type { OwnerAccess } from './ownedKey.ts';
import { useKeysPage } from './useKeysPage.ts';

interface KeyFormFieldsProps {
  readonly form: KeyForm;
  readonly onForm: (form: KeyForm) => void;
  readonly access: OwnerAccess;
  /** The choice of an expiry that isn't in the list: the current one, or the longest. */
  readonly keep: { readonly name: string; readonly expiresAt: Timestamp } | undefined;
}

/** Shows the fields of a key that the owner may set. */
export function KeyFormFields({ form, onForm, access, keep }: KeyFormFieldsProps) {
  const { texts } = useKeysPage().language;
  const set = (change: Partial<KeyForm>) => onForm({ ...form, ...change });
  return (
    <>
      <TextField
        name="label"
        label={texts.label}
        hint={texts.labelHint}
        placeholder={texts.labelExample}
        value={form.label}
        onValue={(label) => set({ label })}
        isRequired
        isFirst
      />
      {access.scopes === null ? null : <Scopes offered={access.scopes} {...{ form, set }} />}
      {access.plans === null ? null : <Plans offered={access.plans} {...{ form, set }} />}
      <ExpiryField form={form} onForm={set} choices={expiryChoices(access)} keep={keep} />
      <Addresses {...{ form, set }} />
    </>
  );
}

interface PartProps {
  readonly form: KeyForm;
  readonly set: (change: Partial<KeyForm>) => void;
}

/** Shows a checkbox for each scope that the owner may give, or that the key already has. */
function Scopes({ offered, form, set }: PartProps & { offered: readonly string[] }) {
  const { texts } = useKeysPage().language;
  const error = useContext(FieldErrors).scopes;
  const choices = [...new Set([...offered, ...form.scopes])];
  const toggle = (scope: string) =>
    set({
      scopes: choices.filter((choice) => form.scopes.includes(choice) !== (choice === scope)),
    });
  return (
    <fieldset class="field choices">
      <legend>{texts.access}</legend>
      {choices.map((scope) => (
        <label key={scope}>
          <input
            type="checkbox"
            checked={form.scopes.includes(scope)}
            aria-invalid={error === undefined ? undefined : 'true'}
            onChange={() => toggle(scope)}
          />
          <code>{printable(scope)}</code>
        </label>
      ))}
      {error === undefined ? null : <p class="field-error">{error}</p>}
      <p class="hint" aria-live="polite">
        {form.scopes.length === 0 ? texts.scopesNone : texts.scopesHint}
      </p>
    </fieldset>
  );
}

function Plans({ offered, form, set }: PartProps & { offered: readonly string[] }) {
  const { texts } = useKeysPage().language;
  const plans = [...new Set([...offered, ...(form.plan === '' ? [] : [form.plan])])];
  if (plans.length < 2) return null;
  return (
    <Segments
      name="plan"
      label={texts.plan}
      value={form.plan}
      segments={plans.map((plan) => ({ value: plan, name: printable(plan) }))}
      onValue={(plan) => set({ plan })}
    />
  );
}

/** Shows the addresses from which the key works, folded away if there are none. */
function Addresses({ form, set }: PartProps) {
  const { texts } = useKeysPage().language;
  const { allowedIps } = useContext(FieldErrors);
  const [isOpen, setOpen] = useState(form.allowedIps !== '');
  return (
    <details
      class="more"
      open={isOpen || allowedIps !== undefined}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        {texts.more}
        <span class="quiet">: {texts.addresses}</span>
      </summary>
      <Field name="allowedIps" label={texts.addresses} isOptional hint={texts.addressesHint}>
        {(ids) => (
          <textarea
            {...ids}
            rows={3}
            spellcheck={false}
            placeholder={texts.addressesExample}
            value={form.allowedIps}
            onInput={({ currentTarget }) => set({ allowedIps: currentTarget.value })}
          />
        )}
      </Field>
    </details>
  );
}
