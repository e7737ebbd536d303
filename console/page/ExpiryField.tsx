import { Field, type Segment, Segments } from './Field.tsx';
import { expiryPreview } from './effect.ts';
import { toExpiry, type KeyForm } from './keyForm.ts';
import type { Timestamp } from '../../keys/timestamp.ts';

interface ExpiryFieldProps {
  readonly label?: string;
  readonly form: Pick<KeyForm, 'expiry' | 'expiresAt'>;
  readonly onForm: (change: Partial<KeyForm>) => void;
  /** The choice to keep something, with the expiry that results. Absent if there is nothing to keep. */
  readonly keep?: { readonly name: string; readonly expiresAt: Timestamp | null | undefined } | undefined;
}

const EXPIRIES: readonly Segment[] = [
  { value: 'never', name: 'Never' },
  { value: '1', name: '1 day' },
  { value: '7', name: '7 days' },
  { value: '30', name: '30 days' },
  { value: '90', name: '90 days' },
  { value: '365', name: '1 year' },
  { value: 'at', name: 'Date…' },
];

/** Shows the choices for a key's expiry, and the date that results. */
export function ExpiryField({ label = 'Expires', form, onForm, keep }: ExpiryFieldProps) {
  const segments = keep === undefined ? EXPIRIES : [{ value: 'keep', name: keep.name }, ...EXPIRIES];
  return (
    <Segments
      name="expiry"
      label={label}
      value={form.expiry}
      segments={segments}
      onValue={(expiry) => onForm({ expiry })}
      hint={form.expiry === 'keep' ? expiryPreview(keep?.expiresAt) : expiryPreview(preview(form))}
    >
      {form.expiry === 'at' ? (
        <Field name="expiry" label="Expiry time">
          {(ids) => (
            <input
              {...ids}
              type="datetime-local"
              value={form.expiresAt}
              onInput={({ currentTarget }) => onForm({ expiresAt: currentTarget.value })}
            />
          )}
        </Field>
      ) : undefined}
    </Segments>
  );
}

function preview(form: Pick<KeyForm, 'expiry' | 'expiresAt'>): Timestamp | null | undefined {
  try {
    return toExpiry(form, Date.now());
  } catch {
    return undefined;
  }
}
