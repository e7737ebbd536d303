import { useState } from 'preact/hooks';
import { RevokeDialog } from '../components/RevokeDialog.tsx';
import { RotateDialog, type RotationForm } from '../components/RotateDialog.tsx';
import { SecretDialog } from '../components/SecretDialog.tsx';
import { EditDialog, NewKeyDialog } from './EditDialog.tsx';
import { effectText } from './effectText.ts';
import { expiryChoices, sameExpiry } from './keyFields.ts';
import { LostSecretDialog } from './LostSecretDialog.tsx';
import { OnceOnlyChange, randomIdempotencyKey } from './onceOnly.ts';
import type { OwnedKey, OwnerAccess } from './ownedKey.ts';
import type { KeyChanges } from './useKeyChanges.ts';
import { useKeysPage } from './useKeysPage.ts';

/** The open dialog. A new key's secret exists only in this state. The page drops it when the dialog closes. */
export type OpenDialog =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'rotate' | 'revoke'; readonly record: OwnedKey }
  | {
      readonly kind: 'secret';
      readonly key: string;
      readonly record: OwnedKey;
      readonly previous: OwnedKey | undefined;
    }
  | { readonly kind: 'lost'; readonly record: OwnedKey; readonly previous: OwnedKey | undefined };

interface KeyDialogProps {
  readonly open: OpenDialog;
  /** `undefined` while the keys load again, such as after a new sign-in. Only a shown secret stays. */
  readonly access: OwnerAccess | undefined;
  readonly nowMs: number;
  readonly changes: KeyChanges;
  readonly onClose: () => void;
}

/** Shows the dialog that is open. */
export function KeyDialog(props: KeyDialogProps) {
  const { open, access, nowMs, changes, onClose } = props;
  if (open.kind === 'secret') return <SecretDialog issued={open} {...{ nowMs, onClose }} />;
  if (access === undefined) return null;
  switch (open.kind) {
    case 'new':
      return <NewKeyDialog {...{ access, changes, onClose }} />;
    case 'edit':
      return <EditDialog {...{ access, changes, onClose }} record={open.record} />;
    case 'rotate':
      return <Rotation {...props} access={access} record={open.record} />;
    case 'revoke':
      return <Revocation {...props} access={access} record={open.record} />;
    default:
      return <LostSecretDialog {...{ changes, onClose }} record={open.record} previous={open.previous} />;
  }
}

interface OneKeyProps extends KeyDialogProps {
  readonly access: OwnerAccess;
  readonly record: OwnedKey;
}

function Rotation({ record, access, nowMs, changes, onClose }: OneKeyProps) {
  const { client, language } = useKeysPage();
  const [once] = useState(() => new OnceOnlyChange<RotationForm>({ newIdempotencyKey: randomIdempotencyKey }));
  return (
    <RotateDialog
      {...{ record, nowMs, onClose }}
      intro={language.texts.rotateIntro}
      refusal={effectText('refused', access.revocationDelaySeconds, nowMs, language)}
      choices={expiryChoices(access)}
      sameExpiry={(now) => sameExpiry(record, access, now)}
      onRotate={async (options, form) => {
        const rotate = () =>
          once.run(
            form,
            () => options,
            (body, key) => client.rotate(record.id, body, key),
          );
        const issued = await changes.attempt(rotate, true);
        // A repeat after a lost response may lack the old key.
        changes.onIssued({ ...issued, previous: issued.previous ?? record });
      }}
    />
  );
}

function Revocation({ record, access, nowMs, changes, onClose }: OneKeyProps) {
  const { client, language } = useKeysPage();
  return (
    <RevokeDialog
      {...{ record, nowMs, onClose }}
      effect={effectText('refused', access.revocationDelaySeconds, nowMs, language)}
      onRevoke={async (options) => {
        changes.onRevoked(await changes.attempt(() => client.revoke(record.id, options)));
        onClose();
      }}
    />
  );
}
