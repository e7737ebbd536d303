import { Choice, Field, TextField } from './Field.tsx';
import type { KeyForm } from './keyForm.ts';

interface KeyFieldsProps {
  readonly form: KeyForm;
  readonly onForm: (form: KeyForm) => void;
  /** When the key expires now, for people; absent where it does not, or is new. */
  readonly expiresNow?: string | undefined;
}

const EXPIRIES: readonly (readonly [value: string, name: string])[] = [
  ['never', 'Never'],
  ['1', 'In 1 day'],
  ['7', 'In 7 days'],
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['365', 'In 1 year'],
  ['at', 'At a time…'],
];

/** What can be said of a key. */
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
        hint="Whom it is issued to, such as a customer"
        value={form.owner}
        onValue={(owner) => set({ owner })}
      />
      <Choice
        label="May do"
        value={form.isLimited ? 'limited' : 'everything'}
        choices={[
          ['everything', 'Everything'],
          ['limited', 'Only its scopes'],
        ]}
        onValue={(value) => set({ isLimited: value === 'limited' })}
      />
      {form.isLimited ? (
        <TextField
          label="Scopes"
          hint="With spaces or commas between, such as orders:read orders:write; none at all lets it do nothing"
          value={form.scopes}
          onValue={(scopes) => set({ scopes })}
        />
      ) : null}
      <TextField label="Plan" hint="A name, such as free" value={form.plan} onValue={(plan) => set({ plan })} />
      <ExpiryFields form={form} onForm={set} expiresNow={expiresNow} />
      <Metadata value={form.metadata} onValue={(metadata) => set({ metadata })} />
    </>
  );
}

function Metadata({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  return (
    <Field label="Metadata" hint={'A JSON object of your own, such as {"seats":3}, at most 1 KB'}>
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
  /** What `keep` is called; unless given, the expiry that there is. */
  readonly keepName?: string;
}

/** When a key expires. */
export function ExpiryFields({ form, onForm, expiresNow, keepName }: ExpiryFieldsProps) {
  const kept = keepName ?? (expiresNow === undefined ? undefined : `As now: ${expiresNow}`);
  return (
    <>
      <Choice
        label="Expires"
        value={form.expiry}
        choices={kept === undefined ? EXPIRIES : [['keep', kept], ...EXPIRIES]}
        onValue={(expiry) => onForm({ expiry })}
      />
      {form.expiry === 'at' ? (
        <Field label="At">
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
