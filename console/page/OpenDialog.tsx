import { useMemo } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { api, type Issued, type SessionInfo } from './api.ts';
import { BulkRevokeDialog } from './BulkRevokeDialog.tsx';
import { EditDialog } from './EditDialog.tsx';
import { curlCommand, envLine } from './commands.ts';
import { type Change, effectSentence } from './effect.ts';
import { getCommands } from './getCommands.ts';
import { getSuggestions } from './keyList.ts';
import type { KeyStore } from './keyStore.ts';
import { NewKeyDialog } from './NewKeyDialog.tsx';
import { Palette } from './Palette.tsx';
import { ResetQuotaDialog } from './ResetQuotaDialog.tsx';
import { RevokeDialog } from '../../components/RevokeDialog.tsx';
import { RotateDialog } from '../../components/RotateDialog.tsx';
import type { Go, Route } from './route.ts';
import { SecretDialog } from '../../components/SecretDialog.tsx';
import { ShortcutsDialog } from './ShortcutsDialog.tsx';
import type { KeyHandlers } from './useKeyActions.ts';

/** The open dialog. A new key's secret exists only in this state. The page drops it when the dialog closes. */
export type OpenDialogState =
  | { readonly kind: 'shortcuts' | 'palette' }
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'rotate' | 'revoke' | 'reset quota'; readonly record: ConsoleKey }
  | { readonly kind: 'bulk revoke'; readonly records: readonly ConsoleKey[] }
  | { readonly kind: 'secret'; readonly issued: Issued };

interface OpenDialogProps {
  readonly open: OpenDialogState;
  readonly setOpen: (open: OpenDialogState) => void;
  readonly session: SessionInfo;
  readonly nowMs: number;
  readonly store: KeyStore;
  readonly route: Route;
  readonly go: Go;
  readonly actions: KeyHandlers;
  /** The reason why the page can't change keys at all. `undefined` if it can. */
  readonly blocked: string | undefined;
  readonly onNew: () => void;
  /** `true` if the single-key shortcuts are on. */
  readonly hasShortcuts: boolean;
  readonly onShortcuts: (hasShortcuts: boolean) => void;
  readonly onClose: () => void;
}

/** Shows the dialog that is open. */
export function OpenDialog(props: OpenDialogProps) {
  const { open, session, nowMs, actions, onClose } = props;
  const { table } = session;
  const delaySeconds = table.revocationDelaySeconds;
  switch (open.kind) {
    case 'shortcuts':
      return <ShortcutsDialog {...props} isReadOnly={session.isReadOnly} />;
    case 'palette':
      return <CommandPalette {...props} />;
    case 'secret': {
      const { issued } = open;
      const formats = [
        { name: 'curl', text: curlCommand(issued.key, table.apiUrl) },
        { name: '.env', text: envLine(issued.key) },
      ];
      return <SecretDialog key={issued.record.id} {...{ issued, formats, nowMs, onClose }} />;
    }
    case 'bulk revoke': {
      const { records } = open;
      return <BulkRevokeDialog {...{ records, nowMs, delaySeconds, onClose }} onRevoked={actions.onBulkRevoked} />;
    }
    default:
      return <KeyDialog {...props} open={open} />;
  }
}

function CommandPalette(props: OpenDialogProps) {
  const { setOpen, store, route, go, nowMs, blocked, hasShortcuts, actions, onNew, onClose } = props;
  const list = route.view === 'keys' && route.list !== undefined ? { list: route.list } : {};
  const selected = route.view === 'keys' && route.id !== undefined ? store.byId.get(route.id) : undefined;
  const commands = getCommands({
    selected,
    blocked,
    nowMs,
    hasShortcuts,
    act: actions.act,
    go,
    newKey: onNew,
    reload: store.reload,
    showShortcuts: () => setOpen({ kind: 'shortcuts' }),
  });
  return (
    <Palette
      {...{ commands, nowMs, onClose }}
      keys={store.keys}
      onOpenKey={(id) => go({ view: 'keys', id, ...list })}
    />
  );
}

interface KeyDialogProps extends OpenDialogProps {
  readonly open: Extract<OpenDialogState, { readonly kind: 'new' | 'edit' | 'rotate' | 'revoke' | 'reset quota' }>;
}

/** Shows a dialog that creates or changes one key. */
function KeyDialog({ open, session, nowMs, store, actions, onClose }: KeyDialogProps) {
  // The suggestions don't change while the dialog is open.
  const suggestions = useMemo(() => getSuggestions(store.keys), []);
  const { table, keyPrefixes } = session;
  const { onIssued, onChanged } = actions;
  if (!('record' in open)) return <NewKeyDialog {...{ suggestions, keyPrefixes, onIssued, onClose }} />;
  const { kind, record } = open;
  const onDone = (change: Change) => (changed: ConsoleKey) => onChanged(changed, change);
  if (kind === 'rotate' || kind === 'revoke') {
    const refusal = effectSentence('Refused', table.revocationDelaySeconds, nowMs);
    return <EndingDialog {...{ kind, record, nowMs, refusal, onIssued, onClose }} onRevoked={onDone('Revoked')} />;
  }
  if (kind === 'reset quota')
    return <ResetQuotaDialog {...{ record, table, nowMs, onClose }} onChanged={onDone('Reset')} />;
  return <EditDialog {...{ record, suggestions, onClose }} onChanged={onDone('Saved')} />;
}

interface EndingDialogProps {
  readonly kind: 'rotate' | 'revoke';
  readonly record: ConsoleKey;
  readonly nowMs: number;
  readonly refusal: string;
  readonly onIssued: (issued: Issued) => void;
  readonly onRevoked: (record: ConsoleKey) => void;
  readonly onClose: () => void;
}

/** Shows a dialog that ends a key: now, or after the grace period of a rotation. */
function EndingDialog({ kind, record, nowMs, refusal, onIssued, onRevoked, onClose }: EndingDialogProps) {
  if (kind === 'rotate') {
    return (
      <RotateDialog
        {...{ record, nowMs, refusal, onClose }}
        intro="You get a new key with the same label, owner, scopes, plan, IP addresses and metadata."
        onRotate={async (options) => onIssued(await api.rotate(record.id, options))}
      />
    );
  }
  const { owner } = record;
  return (
    <RevokeDialog
      {...{ record, nowMs, onClose }}
      effect={refusal}
      facts={
        <div>
          <dt>Owner</dt>
          <dd>{owner === undefined ? <span class="quiet">none</span> : printable(owner)}</dd>
        </div>
      }
      onRevoke={async (options) => {
        onRevoked(await api.revoke(record.id, options));
        onClose();
      }}
    />
  );
}
