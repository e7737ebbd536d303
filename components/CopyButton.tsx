import { useEffect, useState } from 'preact/hooks';
import { fill } from './language.ts';
import { useLanguage } from './useLanguage.ts';
import { CheckGlyph, CopyGlyph } from './glyphs.tsx';

/** The result of the last copy. */
type CopyState = 'not yet' | 'done' | 'failed';

/** Milliseconds for which a copy button shows its success. */
const SHOWN_MS = 2000;

/** Copies text to the clipboard. Returns whether it worked: a browser may refuse. */
export function copyText(text: string): Promise<boolean> {
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}

/** Shows a button with the sign for a copy, which copies the text. It shows a tick for two seconds. */
export function CopyButton({ text, name }: { text: string; name: string }) {
  const [state, setState] = useState<CopyState>('not yet');
  const { texts } = useLanguage();
  const action = fill(texts.copy, { name });
  useEffect(() => {
    if (state === 'not yet') return undefined;
    const timer = setTimeout(() => setState('not yet'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => setState((await copyText(text)) ? 'done' : 'failed');
  return (
    <span class="copy">
      <button type="button" class="icon" aria-label={action} title={action} onClick={() => void copy()}>
        {state === 'done' ? <CheckGlyph /> : <CopyGlyph />}
      </button>
      <span role="status" class={state === 'failed' ? 'copy-failed' : 'unseen'}>
        {state === 'done' ? texts.copied : null}
        {state === 'failed' ? texts.copyFailed : null}
      </span>
    </span>
  );
}

/** Shows a command or another text in a box, with a button that copies it. */
export function CodeBox({ text, name }: { text: string; name: string }) {
  return (
    <div class="code-box">
      <code>{text}</code>
      <CopyButton text={text} name={name} />
    </div>
  );
}
