import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type KeyPage, type SessionInfo } from './api.ts';
import { type ConnectionState, useConnection } from './connection.ts';
import { KeysView } from './KeysView.tsx';
import { type KeyStore, useKeyStore } from './keyStore.ts';
import { OpenDialog, type OpenDialogState } from './OpenDialog.tsx';
import { Overview } from './Overview.tsx';
import { type Go, type Route, useRoute } from './route.ts';
import { useNoEnterRepeat, useShortcuts, useShortcutSetting } from './shortcuts.ts';
import { Strips } from './Strips.tsx';
import { Toasts, type ToastStack, useToasts } from './Toasts.tsx';
import { TopBar } from './TopBar.tsx';
import { useKeyActions } from './useKeyActions.ts';

const CLOCK_MS = 30_000;

interface ConsoleProps {
  readonly session: SessionInfo;
  /** The first page of keys, if it was already requested. */
  readonly firstPage: Promise<KeyPage> | undefined;
}

/** Shows the console for one table. */
export function Console({ session, firstPage }: ConsoleProps) {
  const { table } = session;
  const store = useKeyStore(firstPage);
  const [route, go] = useRoute();
  const [open, setOpen] = useState<OpenDialogState>();
  const { toasts, show, close } = useToasts();
  const search = useRef<HTMLInputElement>(null);
  const nowMs = useClock();
  const [hasShortcuts, setShortcuts] = useShortcutSetting();
  const { connection, retry, blocked } = useHealing({ session, store, show });
  const list = route.view === 'keys' ? route.list : undefined;
  const actions = useKeyActions({ store, table, go, list, setOpen, show });
  const onNew = () => (blocked === undefined ? setOpen({ kind: 'new' }) : show(blocked));
  const onReload = store.reload;
  useConsoleShortcuts({ hasShortcuts, onNew, onReload, route, go, search, setOpen });
  return (
    <>
      <TopBar {...{ session, route, hasShortcuts, blocked, onNew, onReload }} isLoading={store.isLoading} />
      <main>
        <h1 class="unseen">{route.view === 'overview' ? 'Overview' : 'Keys'}</h1>
        <Strips {...{ store, connection, session }} onRetry={retry} />
        {route.view === 'overview' ? (
          <Overview {...{ store, table, nowMs, blocked, onNew }} />
        ) : (
          <KeysView
            {...{ store, route, go, search, nowMs, table, blocked, hasShortcuts, show, onNew }}
            act={actions.act}
            onBulk={actions.actOnMany}
          />
        )}
      </main>
      {open === undefined ? null : (
        <OpenDialog
          {...{ open, setOpen, session, nowMs, blocked, hasShortcuts, actions, store, route, go, onNew }}
          onShortcuts={setShortcuts}
          onClose={() => setOpen(closeOnly(open))}
        />
      )}
      <Toasts toasts={toasts} close={close} />
    </>
  );
}

interface HealingDeps {
  readonly session: SessionInfo;
  readonly store: KeyStore;
  readonly show: ToastStack['show'];
}

/** Watches the connection. Reloads the keys after it has healed. */
function useHealing({ session, store, show }: HealingDeps) {
  const onHealed = () => {
    show('Connected again.');
    store.reload();
  };
  const [connection, retry] = useConnection({ check: api.session, onHealed });
  return { connection, retry, blocked: getBlocked(connection, session) };
}

/** Returns the reason why the page can't change keys at all, or `undefined` if it can. */
function getBlocked(connection: ConnectionState, { isReadOnly }: SessionInfo): string | undefined {
  if (isReadOnly) return 'This console is read-only, because it was started with --read-only.';
  if (connection === 'ended') return 'The console’s session has ended. Start the console again to make changes.';
  return connection === 'disconnected' ? 'The console is disconnected, so changes are off.' : undefined;
}

interface ConsoleShortcutsDeps {
  readonly hasShortcuts: boolean;
  readonly onNew: () => void;
  readonly onReload: () => void;
  readonly route: Route;
  readonly go: Go;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly setOpen: (open: OpenDialogState) => void;
}

function useConsoleShortcuts(deps: ConsoleShortcutsDeps): void {
  const { hasShortcuts, onNew, onReload, route, go, search, setOpen } = deps;
  const find = () => {
    if (route.view === 'overview') go({ view: 'keys' });
    // The list must render before the next key press, which already belongs to the search.
    queueMicrotask(() => search.current?.focus());
  };
  const single = { '/': find, n: onNew, r: onReload, '?': () => setOpen({ kind: 'shortcuts' }) };
  useShortcuts({ ...(hasShortcuts ? single : {}), 'mod+k': () => setOpen({ kind: 'palette' }) });
  useNoEnterRepeat();
}

/** Returns a function that closes only the given dialog, not another one that has replaced it. */
function closeOnly(dialog: OpenDialogState): (open: OpenDialogState | undefined) => OpenDialogState | undefined {
  return (open) => (open === dialog ? undefined : open);
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
