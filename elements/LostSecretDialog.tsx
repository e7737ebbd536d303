import { useState } from 'preact/hooks';
import { Dialog } from '../components/Dialog.tsx';
import { fill } from '../components/language.ts';
import { printable } from '../keys/printable.ts';
import type { OwnedKey } from './ownedKey.ts';
import type { KeyChanges } from './useKeyChanges.ts';
import { useKeysPage } from './useKeysPage.ts';

interface LostSecretDialogProps {
  readonly record: OwnedKey;
  /** The rotated key, if the new key comes from a rotation. */
  readonly previous: OwnedKey | undefined;
  readonly changes: KeyChanges;
  readonly onClose: () => void;
}

/**
 * Explains that a key exists whose secret nobody has, because the first response got lost. Offers to revoke it, or to
 * rotate it if it already replaces another key.
 */
export function LostSecretDialog({ record, previous, changes, onClose }: LostSecretDialogProps) {
  const { client, language } = useKeysPage();
  const { texts } = language;
  const [error, setError] = useState<string>();
  const label = printable(record.label);
  const isRotated = previous !== undefined;
  const revoke = async () => {
    try {
      changes.onRevoked(await changes.attempt(() => client.revoke(record.id, {})));
      onClose();
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <Dialog title={texts.lostTitle} onClose={onClose}>
      <p>{fill(isRotated ? texts.lostRotated : texts.lostCreated, { label })}</p>
      <p>{isRotated ? texts.lostRotatedAdvice : texts.lostCreatedAdvice}</p>
      <div role="alert">{error === undefined ? null : <p class="refusal">{error}</p>}</div>
      <footer>
        <button type="button" onClick={onClose}>
          {texts.close}
        </button>
        <button
          type="button"
          class="primary"
          data-first
          onClick={() => (isRotated ? changes.act('rotate', record) : void revoke())}
        >
          {isRotated ? texts.lostRotate : texts.lostRevoke}
        </button>
      </footer>
    </Dialog>
  );
}
