import { Choice, Field, TextField } from './Field.tsx';
import type { KeyForm } from './keyForm.ts';

interface KeyFieldsProps {
  readonly form: KeyForm;
  readonly onForm: (form: KeyForm) => void;
  /** The current expiry, such as `in 3 days`; absent if the key is new or never expires. */
  readonly expiresNow?: string | undefined;
}

const EXPIRIES: readonly (readonly [value: string, name: string])[] = [
  ['never', 'Never'],
  ['1', 'In 1 day'],
  ['7', 'In 7 days'],
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['365', 'In 1 year'],
  ['at', 'At a set time…'],
];

/** Shows the form fields of a key that an operator can edit. */
export function KeyFields({ form, onForm, expiresNow }: KeyFieldsProps) {
  const set = (change: Partial<KeyForm>) => onForm({ ...form, ...change });
  return (
    <>
      <TextField
        label="Label"
        hint="What the key is for"
        value={form.label}
        onValue={(label) => set({ label })}
        isRequired
        isFirst
      />
      <TextField
        label="Owner"
        hint="Who uses the key, such as a customer or a team"
        value={form.owner}
        onValue={(owner) => set({ owner })}
      />
      <Choice
        label="Access"
        value={form.isLimited ? 'limited' : 'full'}
        choices={[
          ['full', 'Full access'],
          ['limited', 'Limited to scopes'],
        ]}
        onValue={(value) => set({ isLimited: value === 'limited' })}
      />
      {form.isLimited ? (
        <TextField
          label="Scopes"
          hint="Separate scopes with spaces or commas, such as orders:read orders:write. Without any, the key has no access."
          value={form.scopes}
          onValue={(scopes) => set({ scopes })}
        />
      ) : null}
      <TextField label="Plan" hint="A plan's name, such as free" value={form.plan} onValue={(plan) => set({ plan })} />
      <ExpiryFields form={form} onForm={set} expiresNow={expiresNow} />
      <Metadata value={form.metadata} onValue={(metadata) => set({ metadata })} />
    </>
  );
}

function Metadata({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  return (
    <Field label="Metadata" hint={'A JSON object of at most 1 KB, such as {"seats":3}'}>
      {(ids) => (
        <textarea
          {...ids}
          rows={3}
          spellcheck={false}
          value={value}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface ExpiryFieldsProps {
  readonly form: Pick<KeyForm, 'expiry' | 'expiresAt'>;
  readonly onForm: (change: Partial<KeyForm>) => void;
  readonly expiresNow?: string | undefined;
  /** The name of the choice `keep`. The default names the current expiry. */
  readonly keepName?: string;
}

/** Shows the choices for a key's expiry. */
export function ExpiryFields({ form, onForm, expiresNow, keepName }: ExpiryFieldsProps) {
  const kept = keepName ?? (expiresNow === undefined ? undefined : `No change (${expiresNow})`);
  return (
    <>
      <Choice
        label="Expires"
        value={form.expiry}
        choices={kept === undefined ? EXPIRIES : [['keep', kept], ...EXPIRIES]}
        onValue={(expiry) => onForm({ expiry })}
      />
      {form.expiry === 'at' ? (
        <Field label="Expiry time">
          {(ids) => (
            <input
              {...ids}
              type="datetime-local"
              required
              value={form.expiresAt}
              onInput={({ currentTarget }) => onForm({ expiresAt: currentTarget.value })}
            />
          )}
        </Field>
      ) : null}
    </>
  );
}
