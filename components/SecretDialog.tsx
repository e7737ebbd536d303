import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { printable } from '../keys/printable.ts';
import type { PublicRecord } from '../keys/record.ts';
import { copyText } from './CopyButton.tsx';
import { Dialog, once, useLeaveGuard } from './Dialog.tsx';
import { distance } from './distance.ts';
import { exactTime } from './exactTime.ts';
import { CheckGlyph, CopyGlyph } from './glyphs.tsx';
import { fill } from './language.ts';
import { Tabs } from './Tabs.tsx';
import { useLanguage } from './useLanguage.ts';

/** A new key. The page shows its secret once and then drops it. */
export interface IssuedKey {
  readonly key: string;
  readonly record: Pick<PublicRecord, 'id' | 'label'>;
  /** The rotated key after the rotation. */
  readonly previous?: Pick<PublicRecord, 'expiresAt'> | undefined;
}

/** A text with the secret in it. */
export interface SecretFormat {
  readonly name: string;
  readonly text: string;
}

interface SecretDialogProps {
  readonly issued: IssuedKey;
  /** Further formats, each in a tab. The secret alone comes first. */
  readonly formats?: readonly SecretFormat[];
  readonly nowMs: number;
  readonly onClose: () => void;
}

/**
 * Shows a new key's secret, which can't be shown again. The dialog closes only after a second confirmation if the user
 * hasn't copied the secret yet.
 */
export function SecretDialog({ issued, formats = [], nowMs, onClose }: SecretDialogProps) {
  const { key, record } = issued;
  const { texts } = useLanguage();
  const [tab, setTab] = useState(0);
  const [isWarned, setWarned] = useState(false);
  const { name, text } = formats[tab - 1] ?? { name: texts.secretKey, text: key };
  const { isSaved, shown, copy } = useCopies(text);
  useLeaveGuard(!isSaved);
  const close = () => (isSaved || isWarned ? onClose() : setWarned(true));
  const names = [texts.secretKey, ...formats.map((format) => format.name)];
  return (
    <Dialog title={fill(texts.secretTitle, { label: printable(record.label) })} onClose={close}>
      <p>{texts.secretIntro}</p>
      <Formats names={names} tab={tab} setTab={setTab}>
        <code class="secret" tabIndex={0} aria-label={name}>
          {text}
        </code>
      </Formats>
      <OldKey issued={issued} nowMs={nowMs} />
      <p role="status" class={isWarned && !isSaved ? 'notice notice-warning' : 'copied'}>
        {shown === 'failed' ? `${texts.secretCopyFailed} ` : null}
        {isWarned && !isSaved ? texts.secretNotCopied : null}
        {shown === 'done' ? <span class="unseen">{texts.secretCopied}</span> : null}
      </p>
      <footer>
        <button type="button" onClick={once(close)}>
          {texts.close}
        </button>
        <button type="button" class="primary copy-key" data-first onClick={() => void copy()}>
          {shown === 'done' ? <CheckGlyph /> : <CopyGlyph />}
          {shown === 'done' ? texts.copied : tab === 0 ? texts.secretCopy : fill(texts.copy, { name })}
        </button>
      </footer>
    </Dialog>
  );
}

interface FormatsProps {
  readonly names: readonly string[];
  readonly tab: number;
  readonly setTab: (tab: number) => void;
  readonly children: ComponentChildren;
}

function Formats({ names, tab, setTab, children }: FormatsProps) {
  const { texts } = useLanguage();
  if (names.length === 1) return <div>{children}</div>;
  return (
    <Tabs label={texts.secretFormats} names={names} selected={tab} onSelect={setTab}>
      {children}
    </Tabs>
  );
}

function OldKey({ issued: { previous }, nowMs }: Pick<SecretDialogProps, 'issued' | 'nowMs'>) {
  const language = useLanguage();
  const at = previous?.expiresAt;
  if (at === undefined) return null;
  const values = { time: exactTime(at, language), distance: distance(at, nowMs, language) };
  return <p class="hint">{fill(language.texts.secretOldKey, values)}</p>;
}

/** Copies a text. A copy of any format contains the key, so it stays saved. The success belongs to the copied text. */
function useCopies(text: string) {
  const [isSaved, setSaved] = useState(false);
  const [last, setLast] = useState<{ readonly text: string; readonly isCopied: boolean }>();
  const copy = async () => {
    const isCopied = await copyText(text);
    setLast({ text, isCopied });
    if (isCopied) setSaved(true);
  };
  const shown = last?.text !== text ? 'not yet' : last.isCopied ? 'done' : 'failed';
  return { isSaved, shown, copy } as const;
}
