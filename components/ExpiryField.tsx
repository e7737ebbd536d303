import type { Timestamp } from '../keys/timestamp.ts';
import { type ExpiryForm, expiryPreview, toExpiry } from './expiry.ts';
import { EXPIRY_CHOICES, type ExpiryChoice } from './expiryChoices.ts';
import { Field, Segments } from './Field.tsx';
import type { Language } from './language.ts';
import { useLanguage } from './useLanguage.ts';

interface ExpiryFieldProps {
  readonly label?: string;
  readonly form: ExpiryForm;
  readonly onForm: (change: Partial<ExpiryForm>) => void;
  /** The choices in addition to `keep`. */
  readonly choices?: readonly ExpiryChoice[];
  /** The choice to keep something, with the expiry that results. Absent if there is nothing to keep. */
  readonly keep?: { readonly name: string; readonly expiresAt: Timestamp | null | undefined } | undefined;
}

/** Shows the choices for a key's expiry, and the date that results. */
export function ExpiryField({ label, form, onForm, choices = EXPIRY_CHOICES, keep }: ExpiryFieldProps) {
  const language = useLanguage();
  const { texts } = language;
  const segments = choices.map((value) => ({ value: value as string, name: texts[`expiry_${value}`] }));
  if (keep !== undefined) segments.unshift({ value: 'keep', name: keep.name });
  return (
    <Segments
      name="expiry"
      label={label ?? texts.expires}
      value={form.expiry}
      segments={segments}
      onValue={(expiry) => onForm({ expiry })}
      hint={expiryPreview(form.expiry === 'keep' ? keep?.expiresAt : preview(form, language), language)}
    >
      {form.expiry === 'at' ? (
        <Field name="expiry" label={texts.expiryTime}>
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

function preview(form: ExpiryForm, language: Language): Timestamp | null | undefined {
  try {
    return toExpiry(form, Date.now(), language);
  } catch {
    return undefined;
  }
}
