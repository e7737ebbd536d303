import { useContext, useState } from 'preact/hooks';
import type { Timestamp } from '../../keys/timestamp.ts';
import { ExpiryField } from '../../components/ExpiryField.tsx';
import { Field, FieldErrors, Segments, TextField } from '../../components/Field.tsx';
import type { KeyForm } from './keyForm.ts';
import { ScopeField } from './ScopeField.tsx';

/** The values of other keys that the form suggests. */
export interface Suggestions {
  readonly owners: readonly string[];
  readonly scopes: readonly string[];
  readonly plans: readonly string[];
}

interface KeyFieldsProps {
  readonly form: KeyForm;
  readonly onForm: (form: KeyForm) => void;
  readonly suggestions: Suggestions;
  /** The current expiry of an existing key. Absent if the key is new or never expires. */
  readonly expiresNow?: Timestamp | undefined;
}

/** Shows the form fields of a key that an operator can edit. The plan, the IP addresses and the metadata are folded away if empty. */
export function KeyFields({ form, onForm, suggestions, expiresNow }: KeyFieldsProps) {
  const set = (change: Partial<KeyForm>) => onForm({ ...form, ...change });
  return (
    <>
      <div class="field-pair">
        <TextField
          name="label"
          label="Label"
          placeholder="build server"
          value={form.label}
          onValue={(label) => set({ label })}
          isRequired
          isFirst
        />
        <TextField
          name="owner"
          label="Owner"
          isOptional
          placeholder="a customer or a team"
          value={form.owner}
          onValue={(owner) => set({ owner })}
          suggestions={suggestions.owners}
        />
      </div>
      <Segments
        name="access"
        label="Access"
        value={form.isLimited ? 'limited' : 'full'}
        segments={[
          { value: 'full', name: 'Everything' },
          { value: 'limited', name: 'Only some scopes' },
        ]}
        onValue={(value) => set({ isLimited: value === 'limited' })}
        hint={form.isLimited ? undefined : 'The key may call every route.'}
      />
      {form.isLimited ? (
        <ScopeField value={form.scopes} onValue={(scopes) => set({ scopes })} known={suggestions.scopes} />
      ) : null}
      <ExpiryField
        form={form}
        onForm={set}
        keep={expiresNow === undefined ? undefined : { name: 'Keep', expiresAt: expiresNow }}
      />
      <More form={form} set={set} plans={suggestions.plans} />
    </>
  );
}

interface MoreProps {
  readonly form: KeyForm;
  readonly set: (change: Partial<KeyForm>) => void;
  readonly plans: readonly string[];
}

function More({ form, set, plans }: MoreProps) {
  const { plan, allowedIps, metadata } = useContext(FieldErrors);
  const [isOpen, setOpen] = useState(form.plan !== '' || form.allowedIps !== '' || form.metadata !== '');
  const hasError = plan !== undefined || allowedIps !== undefined || metadata !== undefined;
  return (
    <details class="more" open={isOpen || hasError} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        More<span class="quiet">: plan, IP addresses, metadata</span>
      </summary>
      <TextField
        name="plan"
        label="Plan"
        isOptional
        placeholder="free"
        hint="The name of a plan that limits the key's requests."
        value={form.plan}
        onValue={(plan) => set({ plan })}
        suggestions={plans}
      />
      <Field
        name="allowedIps"
        label="IP addresses"
        isOptional
        hint="The key works only from these addresses and blocks, such as 203.0.113.7 or 10.0.0.0/8. Without any, it works from everywhere."
      >
        {(ids) => (
          <textarea
            {...ids}
            rows={2}
            spellcheck={false}
            value={form.allowedIps}
            onInput={({ currentTarget }) => set({ allowedIps: currentTarget.value })}
          />
        )}
      </Field>
      <Field name="metadata" label="Metadata" isOptional hint={'A JSON object of at most 1 KB, such as {"seats":3}.'}>
        {(ids) => (
          <textarea
            {...ids}
            rows={3}
            spellcheck={false}
            value={form.metadata}
            onInput={({ currentTarget }) => set({ metadata: currentTarget.value })}
          />
        )}
      </Field>
    </details>
  );
}
