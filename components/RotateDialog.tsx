import { useState } from 'preact/hooks';
import { printable } from '../keys/printable.ts';
import type { PublicRecord } from '../keys/record.ts';
import { type Timestamp, toEpochMs } from '../keys/timestamp.ts';
import { ChangeForm } from './ChangeForm.tsx';
import { distance } from './distance.ts';
import { exactTime } from './exactTime.ts';
import { type ExpiryForm, oldKeyEnd, successorExpiry, toExpiry } from './expiry.ts';
import type { ExpiryChoice } from './expiryChoices.ts';
import { ExpiryField } from './ExpiryField.tsx';
import { Segments } from './Field.tsx';
import { fill, type Language } from './language.ts';
import { useLanguage } from './useLanguage.ts';

/** The options of a rotation. The new key gets the old key's lifetime without `expiresAt`. */
export interface RotationForm {
  readonly graceSeconds: number;
  readonly expiresAt?: Timestamp | null;
}

interface RotateDialogProps {
  readonly record: Pick<PublicRecord, 'label' | 'createdAt' | 'expiresAt'>;
  readonly nowMs: number;
  /** States what the new key has in common with the old one. */
  readonly intro: string;
  /** States when every authorizer refuses the old key without a grace period. */
  readonly refusal: string;
  /** The choices for the new key's expiry. */
  readonly choices?: readonly ExpiryChoice[];
  /** Returns the expiry of the new key if the user keeps the lifetime. */
  readonly sameExpiry?: (nowMs: number) => Timestamp | null | undefined;
  /**
   * Rotates the key. The dialog shows the error if it throws. `form` is the user's choice, which doesn't change with the
   * clock.
   */
  readonly onRotate: (options: RotationForm, form: unknown) => Promise<void>;
  readonly onClose: () => void;
}

const GRACES = ['0', '3600', '86400', '604800', '2592000'] as const;

/** Rotates a key, with a grace period for the old key and an expiry for the new one. Previews both times. */
export function RotateDialog(props: RotateDialogProps) {
  const { record, nowMs, intro, choices, sameExpiry, onRotate, onClose } = props;
  const language = useLanguage();
  const { texts } = language;
  const [graceSeconds, setGrace] = useState('86400');
  const [expiry, setExpiry] = useState<ExpiryForm>({ expiry: 'keep', expiresAt: '' });
  const rotate = () => {
    const expiresAt = toExpiry(expiry, Date.now(), language);
    const options = { graceSeconds: Number(graceSeconds), ...(expiresAt === undefined ? {} : { expiresAt }) };
    return onRotate(options, { graceSeconds, ...expiry });
  };
  return (
    <ChangeForm
      title={fill(texts.rotateTitle, { label: printable(record.label) })}
      action={texts.rotateAction}
      onSubmit={async () => rotate()}
      onClose={onClose}
    >
      <p>{intro}</p>
      <Segments
        name="grace"
        label={texts.rotateGrace}
        value={graceSeconds}
        segments={GRACES.map((value) => ({ value, name: texts[`grace_${value}`] }))}
        onValue={setGrace}
        isFirst
        hint={previewOldKey(props, Number(graceSeconds), language)}
      />
      <ExpiryField
        label={texts.rotateExpiry}
        form={expiry}
        onForm={(change) => setExpiry({ ...expiry, ...change })}
        {...(choices === undefined ? {} : { choices })}
        keep={{
          name: texts.rotateSame,
          expiresAt: sameExpiry === undefined ? successorExpiry(record, nowMs) : sameExpiry(nowMs),
        }}
      />
    </ChangeForm>
  );
}

function previewOldKey(
  { record, refusal, nowMs }: RotateDialogProps,
  graceSeconds: number,
  language: Language,
): string {
  const { texts } = language;
  const end = oldKeyEnd(record, graceSeconds, nowMs);
  if (toEpochMs(end) <= nowMs) return refusal;
  const text = end === record.expiresAt ? texts.rotateBothWorkToExpiry : texts.rotateBothWork;
  return fill(text, { time: exactTime(end, language), distance: distance(end, nowMs, language) });
}
