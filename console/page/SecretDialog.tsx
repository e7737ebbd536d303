import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { relativeTime } from '../../operator/notices.ts';
import type { Issued } from './api.ts';
import { curlCommand, envLine } from './commands.ts';
import { copyText } from './CopyButton.tsx';
import { Dialog, once, useLeaveGuard } from './Dialog.tsx';
import { exactTime } from './exactTime.ts';
import { CheckGlyph, CopyGlyph } from './glyphs.tsx';
import { Tabs } from './Tabs.tsx';

interface SecretDialogProps {
  readonly issued: Issued;
  /** The URL of a route to call. `null` if the console doesn't know it. */
  readonly apiUrl: string | null;
  readonly nowMs: number;
  readonly onClose: () => void;
}

const TABS = ['Key', 'curl', '.env'] as const;

/**
 * Shows a new key's secret, which can't be shown again: alone, in a curl command and as a line of a `.env` file. The
 * dialog closes only after a second confirmation if the user hasn't copied the secret yet.
 */
export function SecretDialog({ issued, apiUrl, nowMs, onClose }: SecretDialogProps) {
  const { key, record, previous } = issued;
  const [tab, setTab] = useState(0);
  const [isWarned, setWarned] = useState(false);
  const text = [key, curlCommand(key, apiUrl), envLine(key)][tab] ?? key;
  const { isSaved, shown, copy } = useCopies(text);
  useLeaveGuard(!isSaved);
  const close = () => (isSaved || isWarned ? onClose() : setWarned(true));
  return (
    <Dialog title={`Save your key: ${printable(record.label)}`} onClose={close}>
      <p>Copy the key now. You won't be able to see it again.</p>
      <Tabs label="Formats" names={TABS} selected={tab} onSelect={setTab}>
        <code class="secret" tabIndex={0} aria-label={tab === 0 ? 'Key' : TABS[tab]}>
          {text}
        </code>
      </Tabs>
      {previous?.expiresAt === undefined ? null : (
        <p class="hint">
          The old key works until {exactTime(previous.expiresAt)} ({relativeTime(previous.expiresAt, nowMs)}).
        </p>
      )}
      <p role="status" class={isWarned && !isSaved ? 'notice notice-warning' : 'copied'}>
        {shown === 'failed' ? "Couldn't copy the key. Select it and copy it yourself. " : null}
        {isWarned && !isSaved ? "You haven't copied the key. Close again to discard it." : null}
        {shown === 'done' ? <span class="unseen">Copied.</span> : null}
      </p>
      <footer>
        <button type="button" onClick={once(close)}>
          Close
        </button>
        <button type="button" class="primary copy-key" data-first onClick={() => void copy()}>
          {shown === 'done' ? <CheckGlyph /> : <CopyGlyph />}
          {shown === 'done' ? 'Copied' : `Copy ${tab === 0 ? 'key' : TABS[tab]}`}
        </button>
      </footer>
    </Dialog>
  );
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
