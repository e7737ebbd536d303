import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { printable } from '../keys/printable.ts';
import type { PublicRecord } from '../keys/record.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { TextField } from './Field.tsx';
import { fill } from './language.ts';
import { ExactTime, LastUsed } from './Time.tsx';
import { isUsedToday } from './urgency.ts';
import { useLanguage } from './useLanguage.ts';

interface RevokeDialogProps {
  readonly record: Pick<PublicRecord, 'id' | 'label' | 'keyPrefix' | 'lastUsedAt'>;
  readonly nowMs: number;
  /** Further facts about the key: a `div` with `dt` and `dd` for each. */
  readonly facts?: ComponentChildren;
  /** States when every authorizer refuses the key. */
  readonly effect: string;
  /** Revokes the key. The dialog shows the error if it throws. */
  readonly onRevoke: (options: { readonly reason?: string }) => Promise<void>;
  readonly onClose: () => void;
}

/**
 * Revokes a key, with an optional reason. Names what depends on the key. The user has to type the prefix of a key that
 * was used today.
 */
export function RevokeDialog({ record, nowMs, facts, effect, onRevoke, onClose }: RevokeDialogProps) {
  const { texts } = useLanguage();
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [mustType] = useState(() => isUsedToday(record, nowMs));
  const word = printable(record.keyPrefix ?? record.id.slice(0, 8));
  const revoke = async () => {
    if (mustType && printable(typed.trim()) !== word)
      throw new Error(`confirm: ${fill(texts.revokeExpected, { word })}`);
    await onRevoke(reason === '' ? {} : { reason });
  };
  return (
    <ChangeForm
      title={fill(texts.revokeTitle, { label: printable(record.label) })}
      action={texts.revokeAction}
      isDangerous
      onSubmit={revoke}
      onClose={onClose}
    >
      <p>{texts.revokeIntro}</p>
      <Consequences {...{ record, nowMs, facts, effect }} />
      {mustType ? (
        <TextField
          name="confirm"
          label={<WithCode text={texts.revokeConfirm} word={word} />}
          hint={texts.revokeUsedToday}
          value={typed}
          onValue={setTyped}
          isFirst
        />
      ) : null}
      <TextField
        name="reason"
        label={texts.revokeReason}
        isOptional
        hint={texts.revokeReasonHint}
        placeholder={texts.revokeReasonExample}
        value={reason}
        onValue={setReason}
        isFirst={!mustType}
      />
    </ChangeForm>
  );
}

/** Shows a text with a word in it as code. */
function WithCode({ text, word }: { text: string; word: string }) {
  const [before, after] = text.split('{word}');
  return (
    <>
      {before}
      <code>{word}</code>
      {after}
    </>
  );
}

function Consequences({
  record,
  nowMs,
  facts,
  effect,
}: Pick<RevokeDialogProps, 'record' | 'nowMs' | 'facts' | 'effect'>) {
  const { lastUsedAt } = record;
  const { texts } = useLanguage();
  return (
    <dl class="facts">
      {facts}
      <div>
        <dt>{texts.revokeLastUsed}</dt>
        <dd>
          <LastUsed record={record} nowMs={nowMs} />
          {lastUsedAt === undefined ? null : (
            <span class="quiet">
              {' '}
              <ExactTime at={lastUsedAt} />
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt>{texts.revokeEffect}</dt>
        <dd>{effect}</dd>
      </div>
    </dl>
  );
}
