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
import { useOneEnterAtATime, useShortcuts, useShortcutSetting } from './shortcuts.ts';
import { TopBar } from './TopBar.tsx';

/** The dialog that is open. The secret of a key is here alone, and is dropped with it. */
type Open =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'rotate' | 'revoke'; readonly record: ConsoleKey }
  | { readonly kind: 'secret'; readonly issued: Issued };

/** What was done to a key. */
type Done = 'changed' | 'enabled' | 'disabled' | 'revoked';

const CLOCK_MS = 30_000;

/** The console on a table. */
export function Console({ session }: { session: SessionInfo }) {
  const store = useKeyStore();
  const [route, go] = useRoute();
  const [filter, setFilter] = useState(NO_FILTER);
  const [open, setOpen] = useState<Open>();
  const [notice, setNotice] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const nowMs = useClock();
  const [hasShortcuts, setShortcuts] = useShortcutSetting();
  const { isReadOnly, table } = session;

  const changed = changedWith({ session, put: store.put, setNotice });
  const act = useAct({ store, changed, setOpen, setNotice });
  const issued = issuedWith({ store, setOpen, go });
  const showFiltered = (next: KeyFilter) => {
    setFilter(next);
    go({ view: 'keys' });
  };
  const newKey = () => {
    if (!isReadOnly) setOpen({ kind: 'new' });
  };
  useSingleKeys({ hasShortcuts, newKey, reload: store.reload, route, go, search });

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
        <OpenDialog open={open} onClose={() => setOpen(closed(open))} onChanged={changed} onIssued={issued} />
      )}
    </>
  );
}

interface SingleKeysDeps {
  readonly hasShortcuts: boolean;
  readonly newKey: () => void;
  readonly reload: () => void;
  readonly route: Route;
  readonly go: (route: Route) => void;
  readonly search: RefObject<HTMLInputElement | null>;
}

function useSingleKeys({ hasShortcuts, newKey, reload, route, go, search }: SingleKeysDeps): void {
  const find = () => {
    if (route.view === 'overview') go({ view: 'keys' });
    // Once the list is there, and before the next key is pressed, which is of what is searched for.
    queueMicrotask(() => search.current?.focus());
  };
  useShortcuts(hasShortcuts ? { '/': find, n: newKey, r: reload } : {});
  useOneEnterAtATime();
}

/** Without this dialog: what is open in its place stays. */
function closed(own: Open): (open: Open | undefined) => Open | undefined {
  return (open) => (open === own ? undefined : open);
}

interface OpenDialogProps {
  readonly open: Open;
  readonly onClose: () => void;
  readonly onChanged: (record: ConsoleKey, done: Done) => void;
  readonly onIssued: (issued: Issued) => void;
}

function OpenDialog({ open, onClose, onChanged, onIssued }: OpenDialogProps) {
  if (open.kind === 'new') return <NewKeyDialog onIssued={onIssued} onClose={onClose} />;
  if (open.kind === 'secret')
    return <SecretDialog key={open.issued.record.id} issued={open.issued} onClose={onClose} />;
  const { record } = open;
  if (open.kind === 'edit')
    return <EditDialog record={record} onClose={onClose} onChanged={(changed) => onChanged(changed, 'changed')} />;
  if (open.kind === 'revoke')
    return <RevokeDialog record={record} onClose={onClose} onChanged={(changed) => onChanged(changed, 'revoked')} />;
  return <RotateDialog record={record} onClose={onClose} onIssued={onIssued} />;
}

/** What was done, and what went wrong. */
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

interface ChangedDeps {
  readonly session: SessionInfo;
  readonly put: (record: ConsoleKey) => void;
  readonly setNotice: (notice: string) => void;
}

/** Takes over a key that was changed, and says what became of it and when authorizers go by that. */
function changedWith({ session, put, setNotice }: ChangedDeps): (record: ConsoleKey, done: Done) => void {
  const delay = session.table.revocationDelaySeconds ?? undefined;
  const when: Readonly<Record<Done, string>> = {
    changed: '',
    enabled: enableNotice(delay),
    disabled: delayNotice(delay),
    revoked: delayNotice(delay),
  };
  return (record, done) => {
    put(record);
    setNotice(`${printable(record.label)} is ${done}. ${when[done]}`.trimEnd());
  };
}

interface IssuedDeps {
  readonly store: KeyStore;
  readonly setOpen: (open: Open) => void;
  readonly go: (route: Route) => void;
}

/** Takes over a key that was issued, and shows its secret. */
function issuedWith({ store, setOpen, go }: IssuedDeps): (issued: Issued) => void {
  return (issued) => {
    const { record, previous } = issued;
    store.put(...(previous === undefined ? [] : [previous]), record);
    setOpen({ kind: 'secret', issued });
    go({ view: 'keys', id: record.id });
  };
}

interface ActDeps {
  readonly store: KeyStore;
  readonly changed: (record: ConsoleKey, done: Done) => void;
  readonly setOpen: (open: Open) => void;
  readonly setNotice: (notice: string) => void;
}

/** Does to a key what needs no question, and asks the rest. */
function useAct({ store, changed, setOpen, setNotice }: ActDeps): (action: KeyAction, record: ConsoleKey) => void {
  /** The ids of the keys that something is being done to: nothing else is until that is answered. */
  const { current: underWay } = useRef(new Set<string>());
  return (action, record) => {
    if (underWay.has(record.id)) return undefined;
    if (action !== 'disable' && action !== 'enable') return setOpen({ kind: action, record });
    underWay.add(record.id);
    void api[action](record.id)
      .then(
        (answer) => changed(answer, `${action}d`),
        async (error: Error) => {
          setNotice(error.message);
          // Somebody else was first, perhaps: what is shown of the key is old.
          await api.read(record.id).then(store.put, () => {});
        },
      )
      .finally(() => underWay.delete(record.id));
    return undefined;
  };
}

/** The time of this very look, taken again often enough for times as people say them. */
function useClock(): number {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  return Date.now();
}
