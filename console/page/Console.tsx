import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { delayNotice, enableNotice } from '../../operator/notices.ts';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, type Issued, type SessionInfo } from './api.ts';
import { EditDialog, NewKeyDialog, RevokeDialog, RotateDialog } from './KeyDialogs.tsx';
import { KeysView } from './KeysView.tsx';
import { NO_FILTER, type KeyFilter } from './keyList.ts';
import type { KeyAction } from './KeyPanel.tsx';
import { useKeyStore, type KeyStore } from './keyStore.ts';
import { Overview } from './Overview.tsx';
import { useRoute, type Route } from './route.ts';
import { SecretDialog } from './SecretDialog.tsx';
import { useNoEnterRepeat, useShortcuts, useShortcutSetting } from './shortcuts.ts';
import { TopBar } from './TopBar.tsx';

/** The open dialog. A new key's secret exists only in this state. The page drops it when the dialog closes. */
type OpenDialogState =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'rotate' | 'revoke'; readonly record: ConsoleKey }
  | { readonly kind: 'secret'; readonly issued: Issued };

/** The word for a change to a key in the notice. */
type Change = 'saved' | 'enabled' | 'disabled' | 'revoked';

const CLOCK_MS = 30_000;

/** Shows the console for one table. */
export function Console({ session }: { session: SessionInfo }) {
  const store = useKeyStore();
  const [route, go] = useRoute();
  const [filter, setFilter] = useState(NO_FILTER);
  const [open, setOpen] = useState<OpenDialogState>();
  const [notice, setNotice] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const nowMs = useClock();
  const [hasShortcuts, setShortcuts] = useShortcutSetting();
  const { isReadOnly, table } = session;

  const onChanged = createChangeHandler({ session, put: store.put, setNotice });
  const act = useKeyActions({ store, onChanged, setOpen, setNotice });
  const onIssued = createIssueHandler({ store, setOpen, go });
  const showFiltered = (next: KeyFilter) => {
    setFilter(next);
    go({ view: 'keys' });
  };
  const newKey = () => {
    if (!isReadOnly) setOpen({ kind: 'new' });
  };
  useConsoleShortcuts({ hasShortcuts, newKey, reload: store.reload, route, go, search });

  return (
    <>
      <TopBar
        {...{ session, route, hasShortcuts }}
        isLoading={store.isLoading}
        onNew={newKey}
        onReload={store.reload}
      />
      <main>
        <h1 class="unseen">{route.view === 'overview' ? 'Overview' : 'Keys'}</h1>
        <Notices notice={notice} store={store} />
        {route.view === 'overview' ? (
          <Overview keys={store.keys} nowMs={nowMs} onFilter={showFiltered} />
        ) : (
          <KeysView
            {...{ store, filter, search, nowMs, isReadOnly, acceptedKeys: table.acceptedKeys, act, go, hasShortcuts }}
            selectedId={route.id}
            onFilter={setFilter}
            onNotice={setNotice}
            onShortcuts={setShortcuts}
          />
        )}
      </main>
      {open === undefined ? null : (
        <OpenDialog open={open} onClose={() => setOpen(closeOnly(open))} {...{ onChanged, onIssued }} />
      )}
    </>
  );
}

interface ConsoleShortcutsDeps {
  readonly hasShortcuts: boolean;
  readonly newKey: () => void;
  readonly reload: () => void;
  readonly route: Route;
  readonly go: (route: Route) => void;
  readonly search: RefObject<HTMLInputElement | null>;
}

function useConsoleShortcuts({ hasShortcuts, newKey, reload, route, go, search }: ConsoleShortcutsDeps): void {
  const find = () => {
    if (route.view === 'overview') go({ view: 'keys' });
    // The list must render before the next key press, which already belongs to the search.
    queueMicrotask(() => search.current?.focus());
  };
  useShortcuts(hasShortcuts ? { '/': find, n: newKey, r: reload } : {});
  useNoEnterRepeat();
}

/** Returns a function that closes only the given dialog, not another one that has replaced it. */
function closeOnly(dialog: OpenDialogState): (open: OpenDialogState | undefined) => OpenDialogState | undefined {
  return (open) => (open === dialog ? undefined : open);
}

interface OpenDialogProps {
  readonly open: OpenDialogState;
  readonly onClose: () => void;
  readonly onChanged: (record: ConsoleKey, change: Change) => void;
  readonly onIssued: (issued: Issued) => void;
}

function OpenDialog({ open, onClose, onChanged, onIssued }: OpenDialogProps) {
  if (open.kind === 'new') return <NewKeyDialog onIssued={onIssued} onClose={onClose} />;
  if (open.kind === 'secret')
    return <SecretDialog key={open.issued.record.id} issued={open.issued} onClose={onClose} />;
  const { record } = open;
  if (open.kind === 'edit')
    return <EditDialog record={record} onClose={onClose} onChanged={(changed) => onChanged(changed, 'saved')} />;
  if (open.kind === 'revoke')
    return <RevokeDialog record={record} onClose={onClose} onChanged={(changed) => onChanged(changed, 'revoked')} />;
  return <RotateDialog record={record} onClose={onClose} onIssued={onIssued} />;
}

/** Shows the last change, the last error and the records that can't be read. */
function Notices({ notice, store: { error, corrupt } }: { notice: string; store: KeyStore }) {
  return (
    <>
      <p role="status" class={notice === '' ? 'unseen' : 'notice'}>
        {notice}
      </p>
      {error === undefined ? null : (
        <p role="alert" class="refusal">
          {error.message}
        </p>
      )}
      {corrupt.length === 0 ? null : <Corrupt lines={corrupt} />}
    </>
  );
}

function Corrupt({ lines }: { lines: readonly string[] }) {
  return (
    <details class="refusal">
      <summary>
        {lines.length} {lines.length === 1 ? 'record' : 'records'} cannot be read
      </summary>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </details>
  );
}

interface ChangeHandlerDeps {
  readonly session: SessionInfo;
  readonly put: (record: ConsoleKey) => void;
  readonly setNotice: (notice: string) => void;
}

/**
 * Returns a function that stores a changed key. It also shows a notice with the change and the time when authorizers
 * apply it.
 */
function createChangeHandler({ session, put, setNotice }: ChangeHandlerDeps) {
  const delay = session.table.revocationDelaySeconds ?? undefined;
  const delayNotices: Readonly<Record<Change, string>> = {
    saved: '',
    enabled: enableNotice(delay),
    disabled: delayNotice(delay),
    revoked: delayNotice(delay),
  };
  return (record: ConsoleKey, change: Change): void => {
    put(record);
    setNotice(`${printable(record.label)} is ${change}. ${delayNotices[change]}`.trimEnd());
  };
}

interface IssueHandlerDeps {
  readonly store: KeyStore;
  readonly setOpen: (open: OpenDialogState) => void;
  readonly go: (route: Route) => void;
}

/** Returns a function that stores a new key, opens its panel and shows its secret. */
function createIssueHandler({ store, setOpen, go }: IssueHandlerDeps): (issued: Issued) => void {
  return (issued) => {
    const { record, previous } = issued;
    store.put(...(previous === undefined ? [] : [previous]), record);
    setOpen({ kind: 'secret', issued });
    go({ view: 'keys', id: record.id });
  };
}

interface KeyActionsDeps {
  readonly store: KeyStore;
  readonly onChanged: (record: ConsoleKey, change: Change) => void;
  readonly setOpen: (open: OpenDialogState) => void;
  readonly setNotice: (notice: string) => void;
}

/**
 * Returns the handler of a key's actions. It disables or enables a key immediately. It opens a dialog for other
 * actions.
 */
function useKeyActions({ store, onChanged, setOpen, setNotice }: KeyActionsDeps) {
  /** The ids of the keys with a pending request. Further clicks on them are ignored. */
  const { current: pending } = useRef(new Set<string>());
  return (action: KeyAction, record: ConsoleKey): void => {
    if (pending.has(record.id)) return;
    if (action !== 'disable' && action !== 'enable') {
      setOpen({ kind: action, record });
      return;
    }
    pending.add(record.id);
    void api[action](record.id)
      .then(
        (changed) => onChanged(changed, `${action}d`),
        async (error: Error) => {
          setNotice(error.message);
          // Another console may have changed the key first, so the page reads it again.
          await api.read(record.id).then(store.put, () => {});
        },
      )
      .finally(() => pending.delete(record.id));
  };
}

/** Returns the current time in epoch milliseconds. Renders again every 30 seconds to keep relative times right. */
function useClock(): number {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  return Date.now();
}
