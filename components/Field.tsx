import { type ComponentChildren, createContext } from 'preact';
import { useContext, useId } from 'preact/hooks';
import type { FieldName, FormErrors } from './formErrors.ts';
import { useLanguage } from './useLanguage.ts';

/** The errors of the surrounding form, by field. */
export const FieldErrors = createContext<FormErrors['byField']>({});

/** The attributes that connect a control with its label, hint and error. */
export interface ControlIds {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
}

interface FieldProps {
  /** The field's name in error messages. */
  readonly name: FieldName;
  readonly label: ComponentChildren;
  readonly isOptional?: boolean;
  readonly hint?: ComponentChildren;
  readonly children: (ids: ControlIds) => ComponentChildren;
}

/** Shows a control with its label, an optional hint and its error. */
export function Field({ name, label, isOptional = false, hint, children }: FieldProps) {
  const id = useId();
  const error = useContext(FieldErrors)[name];
  const { texts } = useLanguage();
  const described = [error === undefined ? '' : `${id}-error`, hint === undefined ? '' : `${id}-hint`];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isOptional ? <span class="optional"> {texts.optional}</span> : null}
      {children({
        id,
        'aria-describedby': described.filter((part) => part !== '').join(' ') || undefined,
        'aria-invalid': error === undefined ? undefined : 'true',
      })}
      <FieldError id={`${id}-error`} error={error} />
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

function FieldError({ id, error }: { id: string; error: string | undefined }) {
  if (error === undefined) return null;
  return (
    <p id={id} class="field-error">
      {error}
    </p>
  );
}

interface TextFieldProps extends Omit<FieldProps, 'children'> {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly isRequired?: boolean;
  readonly isFirst?: boolean;
  readonly placeholder?: string;
  /** Values that the browser suggests. */
  readonly suggestions?: readonly string[];
}

/** Shows a one-line text field of at most 256 characters. */
export function TextField({ value, onValue, isRequired, isFirst, placeholder, suggestions, ...field }: TextFieldProps) {
  const listId = useId();
  const hasList = suggestions !== undefined && suggestions.length > 0;
  return (
    <Field {...field}>
      {(ids) => (
        <>
          <input
            {...ids}
            type="text"
            value={value}
            required={isRequired === true}
            data-first={isFirst === true}
            maxLength={256}
            spellcheck={false}
            placeholder={placeholder}
            list={hasList ? listId : undefined}
            onInput={({ currentTarget }) => onValue(currentTarget.value)}
          />
          {hasList ? (
            <datalist id={listId}>
              {suggestions.map((suggestion) => (
                <option key={suggestion} value={suggestion} />
              ))}
            </datalist>
          ) : null}
        </>
      )}
    </Field>
  );
}

/** A choice of `Segments`. */
export interface Segment {
  readonly value: string;
  readonly name: string;
}

interface SegmentsProps {
  readonly name: FieldName | 'access' | 'grace' | 'prefix';
  readonly label: string;
  readonly value: string;
  readonly segments: readonly Segment[];
  readonly onValue: (value: string) => void;
  /** The consequence of the choice. Screen readers announce its changes. */
  readonly hint?: ComponentChildren;
  readonly isFirst?: boolean;
  readonly children?: ComponentChildren;
}

/** Shows a choice of few values side by side. The arrow keys move between them. */
export function Segments({ name, label, value, segments, onValue, hint, isFirst, children }: SegmentsProps) {
  const id = useId();
  const errors: Readonly<Record<string, string>> = useContext(FieldErrors);
  // A control below the choices shows the error itself.
  const error = children === undefined ? errors[name] : undefined;
  return (
    <fieldset class="field segments" aria-describedby={`${id}-hint`}>
      <legend>{label}</legend>
      <div class="segment-row">
        {segments.map((segment) => (
          <label key={segment.value} class="segment">
            <input
              type="radio"
              name={id}
              value={segment.value}
              checked={segment.value === value}
              data-first={isFirst === true && segment.value === value}
              aria-invalid={error !== undefined && segment.value === value ? 'true' : undefined}
              aria-describedby={error === undefined ? undefined : `${id}-error`}
              onChange={() => onValue(segment.value)}
            />
            <span>{segment.name}</span>
          </label>
        ))}
      </div>
      {children}
      <FieldError id={`${id}-error`} error={error} />
      <p id={`${id}-hint`} class="hint" aria-live="polite">
        {hint}
      </p>
    </fieldset>
  );
}
