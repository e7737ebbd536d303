import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { type ControlIds, Field } from '../../components/Field.tsx';
import { CrossGlyph } from '../../components/glyphs.tsx';
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
  const hint =
    chips.length === 0 && draft === ''
      ? 'Without any scope, the key has no access.'
      : 'Press space or Enter after each scope.';
  return (
    <Field name="scopes" label="Scopes" hint={hint}>
      {(ids) => (
        <>
          <div class="scope-box">
            {chips.map((scope) => (
              <ScopeChip
                key={scope}
                scope={scope}
                onRemove={() =>
                  onValue(
                    toScopeText(
                      chips.filter((other) => other !== scope),
                      draft,
                    ),
                  )
                }
              />
            ))}
            <ScopeInput {...{ ids, chips, draft, onValue, setTyping }} />
          </div>
          <Suggestions scopes={suggestScopes(known, text)} onAdd={(scope) => onValue(toScopeText([...chips, scope]))} />
        </>
      )}
    </Field>
  );
}

function ScopeChip({ scope, onRemove }: { scope: string; onRemove: () => void }) {
  return (
    <span class="chip">
      <code>{printable(scope)}</code>
      <button type="button" aria-label={`Remove ${printable(scope)}`} onClick={onRemove}>
        <CrossGlyph />
      </button>
    </span>
  );
}

interface ScopeInputProps extends Pick<ScopeFieldProps, 'onValue'> {
  readonly ids: ControlIds;
  readonly chips: readonly string[];
  readonly draft: string;
  readonly setTyping: (isTyping: boolean) => void;
}

function ScopeInput({ ids, chips, draft, onValue, setTyping }: ScopeInputProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && draft !== '') {
      event.preventDefault();
      onValue(toScopeText([...chips, draft]));
    }
    if (event.key === 'Backspace' && draft === '' && chips.length > 0) onValue(toScopeText(chips.slice(0, -1)));
  };
  const begin = () => {
    // The separator at the end keeps the last chip a chip.
    onValue(toScopeText(chips, draft));
    setTyping(true);
  };
  return (
    <input
      {...ids}
      type="text"
      value={draft}
      spellcheck={false}
      autoCapitalize="none"
      placeholder={chips.length === 0 ? 'orders:read' : ''}
      onFocus={begin}
      onBlur={() => setTyping(false)}
      onKeyDown={press}
      onInput={({ currentTarget }) => onValue(toScopeText(chips, currentTarget.value))}
    />
  );
}

function Suggestions({ scopes, onAdd }: { scopes: readonly string[]; onAdd: (scope: string) => void }) {
  if (scopes.length === 0) return null;
  return (
    <div class="suggestions" role="group" aria-label="Scopes of other keys">
      {scopes.map((scope) => (
        <button key={scope} type="button" onClick={() => onAdd(scope)}>
          <span aria-hidden="true">+ </span>
          {printable(scope)}
        </button>
      ))}
    </div>
  );
}
