import type { ConsoleKey } from '../server/keyRoutes.ts';
import type { Issued, SessionInfo } from './api.ts';
import { BulkRevokeDialog } from './BulkRevokeDialog.tsx';
import { EditDialog } from './EditDialog.tsx';
import type { PaletteCommand } from './findCommands.ts';
import type { Suggestions } from './KeyFields.tsx';
import { NewKeyDialog } from './NewKeyDialog.tsx';
import { Palette } from './Palette.tsx';
import { RevokeDialog } from './RevokeDialog.tsx';
import { RotateDialog } from './RotateDialog.tsx';
import { SecretDialog } from './SecretDialog.tsx';
import { ShortcutsDialog } from './ShortcutsDialog.tsx';
import type { KeyHandlers } from './useKeyActions.ts';

/** The open dialog. A new key's secret exists only in this state. The page drops it when the dialog closes. */
export type OpenDialogState =
  | { readonly kind: 'new' | 'shortcuts' | 'palette' }
  | { readonly kind: 'edit' | 'rotate' | 'revoke'; readonly record: ConsoleKey }
  | { readonly kind: 'bulk revoke'; readonly records: readonly ConsoleKey[] }
  | { readonly kind: 'secret'; readonly issued: Issued };

interface OpenDialogProps extends Pick<KeyHandlers, 'onChanged' | 'onIssued' | 'onBulkRevoked'> {
  readonly open: OpenDialogState;
  readonly table: SessionInfo['table'];
  readonly nowMs: number;
  readonly keys: readonly ConsoleKey[];
  readonly suggestions: Suggestions;
  readonly commands: readonly PaletteCommand[];
  readonly isReadOnly: boolean;
  readonly hasShortcuts: boolean;
  readonly onShortcuts: (hasShortcuts: boolean) => void;
  readonly onOpenKey: (id: string) => void;
  readonly onClose: () => void;
}

/** Shows the dialog that is open. */
export function OpenDialog(props: OpenDialogProps) {
  const { open, table, nowMs, suggestions, onIssued, onClose } = props;
  switch (open.kind) {
    case 'new':
      return <NewKeyDialog {...{ suggestions, onIssued, onClose }} />;
    case 'secret':
      return (
        <SecretDialog key={open.issued.record.id} issued={open.issued} apiUrl={table.apiUrl} {...{ nowMs, onClose }} />
      );
    case 'shortcuts':
      return <ShortcutsDialog {...props} />;
    case 'palette':
      return <Palette {...props} />;
    case 'bulk revoke':
      return (
        <BulkRevokeDialog
          records={open.records}
          delaySeconds={table.revocationDelaySeconds}
          onRevoked={props.onBulkRevoked}
          {...{ nowMs, onClose }}
        />
      );
    default:
      return <ChangeDialog {...props} open={open} />;
  }
}

interface ChangeDialogProps extends OpenDialogProps {
  readonly open: Extract<OpenDialogState, { readonly kind: 'edit' | 'rotate' | 'revoke' }>;
}

/** Shows a dialog that changes one key. */
function ChangeDialog({ open, table, nowMs, suggestions, onChanged, onIssued, onClose }: ChangeDialogProps) {
  const { kind, record } = open;
  const delaySeconds = table.revocationDelaySeconds;
  if (kind === 'rotate') return <RotateDialog {...{ record, nowMs, delaySeconds, onIssued, onClose }} />;
  if (kind === 'revoke') {
    const onRevoked = (changed: ConsoleKey) => onChanged(changed, 'Revoked');
    return <RevokeDialog {...{ record, nowMs, delaySeconds, onClose }} onChanged={onRevoked} />;
  }
  return <EditDialog {...{ record, suggestions, onClose }} onChanged={(changed) => onChanged(changed, 'Saved')} />;
}
