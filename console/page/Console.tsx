import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionInfo } from './api.ts';
import { getCommands } from './getCommands.ts';
import { useKeyChanges } from './keyChanges.ts';
import { KeysView } from './KeysView.tsx';
import { NO_FILTER, type KeyFilter } from './keyList.ts';
import { useKeyStore, type KeyStore } from './keyStore.ts';
import { OpenDialog, type OpenDialogState } from './OpenDialog.tsx';
import { Overview } from './Overview.tsx';
import { useRoute, type Go, type Route } from './route.ts';
import { useNoEnterRepeat, usePaletteShortcut, useShortcuts, useShortcutSetting } from './shortcuts.ts';
import { Toasts, useToasts } from './Toasts.tsx';
import { TopBar } from './TopBar.tsx';

const CLOCK_MS = 30_000;
/** The reason why nothing can be changed. */
const READ_ONLY = 'This console is read-only: it was started with --read-only.';

/** Shows the console for one table. */
export function Console({ session }: { session: SessionInfo }) {
  const store = useKeyStore();
  const [route, go] = useRoute();
  const [filter, setFilter] = useState(NO_FILTER);
  const [open, setOpen] = useState<OpenDialogState>();
  const { toasts, show: showToast, close: closeToast } = useToasts();
  const search = useRef<HTMLInputElement>(null);
  const nowMs = useClock();
  const [hasShortcuts, setShortcuts] = useShortcutSetting();
  const { isReadOnly, table } = session;

  const openKey = (id: string) => go({ ...(route.view === 'keys' ? route : { view: 'keys' }), id });
  const { act, onChanged, onIssued } = useKeyChanges({ session, store, showToast, setOpen, openKey });
  const showFiltered = (next: KeyFilter) => {
    setFilter(next);
    go({ view: 'keys' });
  };
  const newKey = () => {
    if (!isReadOnly) setOpen({ kind: 'new' });
  };
  const showShortcuts = () => setOpen({ kind: 'shortcuts' });
  useConsoleShortcuts({ hasShortcuts, newKey, reload: store.reload, showShortcuts, route, go, search });
  usePaletteShortcut(() => setOpen({ kind: 'palette' }));
  const selected = route.view === 'keys' && route.id !== undefined ? store.byId.get(route.id) : undefined;
  const blocked = isReadOnly ? READ_ONLY : undefined;

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
        <Notices store={store} />
        {route.view === 'overview' ? (
          <Overview keys={store.keys} nowMs={nowMs} onFilter={showFiltered} />
        ) : (
          <KeysView
            {...{ store, filter, search, nowMs, isReadOnly, blocked, table, act, go, hasShortcuts }}
            selectedId={route.id}
            onFilter={setFilter}
            onNotice={showToast}
            onShortcuts={setShortcuts}
          />
        )}
      </main>
      {open === undefined ? null : (
        <OpenDialog
          {...{ open, session, nowMs, hasShortcuts, onChanged, onIssued }}
          keys={store.keys}
          commands={getCommands({
            selected,
            blocked,
            nowMs,
            hasShortcuts,
            act,
            go,
            newKey,
            showShortcuts,
            reload: store.reload,
          })}
          onShortcuts={setShortcuts}
          onOpenKey={openKey}
          onClose={() => setOpen(closeOnly(open))}
        />
      )}
      <Toasts toasts={toasts} close={closeToast} />
    </>
  );
}

interface ConsoleShortcutsDeps {
  readonly hasShortcuts: boolean;
  readonly newKey: () => void;
  readonly reload: () => void;
  readonly showShortcuts: () => void;
  readonly route: Route;
  readonly go: Go;
  readonly search: RefObject<HTMLInputElement | null>;
}

function useConsoleShortcuts(deps: ConsoleShortcutsDeps): void {
  const { hasShortcuts, newKey, reload, showShortcuts, route, go, search } = deps;
  const find = () => {
    if (route.view === 'overview') go({ view: 'keys' });
    // The list must render before the next key press, which already belongs to the search.
    queueMicrotask(() => search.current?.focus());
  };
  useShortcuts(hasShortcuts ? { '/': find, n: newKey, r: reload, '?': showShortcuts } : {});
  useNoEnterRepeat();
}

/** Returns a function that closes only the given dialog, not another one that has replaced it. */
function closeOnly(dialog: OpenDialogState): (open: OpenDialogState | undefined) => OpenDialogState | undefined {
  return (open) => (open === dialog ? undefined : open);
}

/** Shows the last error and the records that can't be read. */
function Notices({ store: { error, corrupt } }: { store: KeyStore }) {
  return (
    <>
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

/** Returns the current time in epoch milliseconds. Renders again every 30 seconds to keep relative times right. */
function useClock(): number {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  return Date.now();
}
