import { useMemo } from 'preact/hooks';
import { COLLATOR } from '../../keys/recordOrder.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import type { Issued, SessionInfo } from './api.ts';
import { EditDialog } from './EditDialog.tsx';
import type { Change } from './effect.ts';
import type { PaletteCommand } from './findCommands.ts';
import type { Suggestions } from './KeyFields.tsx';
import { getOwners, getScopes } from './keyList.ts';
import { NewKeyDialog } from './NewKeyDialog.tsx';
import { Palette } from './Palette.tsx';
import { RevokeDialog } from './RevokeDialog.tsx';
import { RotateDialog } from './RotateDialog.tsx';
import { SecretDialog } from './SecretDialog.tsx';
import { ShortcutsDialog } from './ShortcutsDialog.tsx';

/** The open dialog. A new key's secret exists only in this state. The page drops it when the dialog closes. */
export type OpenDialogState =
  | { readonly kind: 'new' }
  | { readonly kind: 'palette' }
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'edit' | 'rotate' | 'revoke'; readonly record: ConsoleKey }
  | { readonly kind: 'secret'; readonly issued: Issued };

interface OpenDialogProps {
  readonly open: OpenDialogState;
  readonly session: SessionInfo;
  readonly keys: readonly ConsoleKey[];
  readonly nowMs: number;
  /** The commands of the palette. */
  readonly commands: readonly PaletteCommand[];
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
  readonly onShortcuts: (hasShortcuts: boolean) => void;
  readonly onOpenKey: (id: string) => void;
  readonly onClose: () => void;
  readonly onChanged: (record: ConsoleKey, change: Change) => void;
  readonly onIssued: (issued: Issued) => void;
}

/** Shows the open dialog. */
export function OpenDialog(props: OpenDialogProps) {
  const { open, session, keys, nowMs, commands, hasShortcuts, onShortcuts, onOpenKey, onClose } = props;
  const { isReadOnly, table } = session;
  if (open.kind === 'palette') return <Palette {...{ commands, keys, nowMs, onOpenKey, onClose }} />;
  if (open.kind === 'shortcuts') return <ShortcutsDialog {...{ isReadOnly, hasShortcuts, onShortcuts, onClose }} />;
  if (open.kind === 'secret') {
    const { issued } = open;
    return <SecretDialog key={issued.record.id} {...{ issued, nowMs, onClose }} apiUrl={table.apiUrl} />;
  }
  return <KeyDialog {...props} open={open} />;
}

interface KeyDialogProps extends OpenDialogProps {
  readonly open: Extract<OpenDialogState, { readonly kind: 'new' } | { readonly record: ConsoleKey }>;
}

function KeyDialog({ open, session, keys, nowMs, onClose, onChanged, onIssued }: KeyDialogProps) {
  const suggestions = useMemo(() => getSuggestions(keys), []);
  if (open.kind === 'new') return <NewKeyDialog {...{ suggestions, onIssued, onClose }} />;
  const { kind, record } = open;
  const shared = { record, nowMs, delaySeconds: session.table.revocationDelaySeconds, onClose };
  if (kind === 'rotate') return <RotateDialog {...shared} onIssued={onIssued} />;
  if (kind === 'revoke') return <RevokeDialog {...shared} onChanged={(changed) => onChanged(changed, 'Revoked')} />;
  return <EditDialog {...{ record, suggestions, onClose }} onChanged={(changed) => onChanged(changed, 'Saved')} />;
}

/** Maximum number of suggestions that browsers show. */
const MAX_OWNERS = 500;

function getSuggestions(keys: readonly ConsoleKey[]): Suggestions {
  const plans = [...new Set(keys.flatMap(({ plan }) => plan ?? []))].toSorted(COLLATOR.compare);
  return { owners: getOwners(keys).slice(0, MAX_OWNERS), scopes: getScopes(keys), plans };
}
