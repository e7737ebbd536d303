import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { Field } from './Field.tsx';
import { CrossGlyph } from './glyphs.tsx';
import { parseScopeText, suggestScopes, toScopeText } from './scopeText.ts';

interface ScopeFieldProps {
  /** The scopes, separated by spaces or commas. */
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** The scopes of the other keys. */
  readonly known: readonly string[];
}

/**
 * Shows scopes as chips in a field. A space, a comma or Enter ends a scope. Backspace in an empty field removes the last
 * one. Known scopes can be added with a click.
 */
export function ScopeField({ value, onValue, known }: ScopeFieldProps) {
  const [isTyping, setTyping] = useState(false);
  const text = parseScopeText(value, isTyping);
  const { chips, draft } = text;
  const suggestions = suggestScopes(known, text);
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && draft !== '') {
      event.preventDefault();
      onValue(toScopeText([...chips, draft]));
    }
    if (event.key === 'Backspace' && draft === '' && chips.length > 0) onValue(toScopeText(chips.slice(0, -1)));
  };
  return (
    <Field
      name="scopes"
      label="Scopes"
      hint={
        chips.length === 0 && draft === ''
          ? 'Without any scope, the key has no access.'
          : 'Press space or Enter after each scope.'
      }
    >
      {(ids) => (
        <>
          <div class="scope-box">
            {chips.map((scope) => (
              <span key={scope} class="chip">
                <code>{printable(scope)}</code>
                <button
                  type="button"
                  aria-label={`Remove ${printable(scope)}`}
                  onClick={() =>
                    onValue(
                      toScopeText(
                        chips.filter((other) => other !== scope),
                        draft,
                      ),
                    )
                  }
                >
                  <CrossGlyph />
                </button>
              </span>
            ))}
            <input
              {...ids}
              type="text"
              value={draft}
              spellcheck={false}
              autoCapitalize="none"
              placeholder={chips.length === 0 ? 'orders:read' : ''}
              onFocus={() => {
                onValue(toScopeText(chips, draft));
                setTyping(true);
              }}
              onBlur={() => setTyping(false)}
              onKeyDown={press}
              onInput={({ currentTarget }) => onValue(toScopeText(chips, currentTarget.value))}
            />
          </div>
          {suggestions.length === 0 ? null : (
            <div class="suggestions" role="group" aria-label="Scopes of other keys">
              {suggestions.map((scope) => (
                <button key={scope} type="button" onClick={() => onValue(toScopeText([...chips, scope]))}>
                  <span aria-hidden="true">+ </span>
                  {printable(scope)}
                </button>
              ))}
            </div>
          )}
        </>
      )}
    </Field>
  );
}
