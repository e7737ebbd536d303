import { useRef } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, type Issued, type SessionInfo } from './api.ts';
import { type Change, effectSentence } from './effect.ts';
import type { KeyAction } from './keyActions.ts';
import type { KeyStore } from './keyStore.ts';
import type { OpenDialogState } from './OpenDialog.tsx';
import type { ToastStack } from './Toasts.tsx';

interface KeyChangesDeps {
  readonly session: SessionInfo;
  readonly store: KeyStore;
  readonly showToast: ToastStack['show'];
  readonly setOpen: (open: OpenDialogState) => void;
  /** Opens the panel of a key. */
  readonly openKey: (id: string) => void;
}

/** The handlers of changes to keys. */
export interface KeyChanges {
  /** Disables or enables a key immediately. Opens a dialog for the other actions. */
  readonly act: (action: KeyAction, record: ConsoleKey) => void;
  /** Stores a changed key, and shows what was done and when it takes effect. */
  readonly onChanged: (record: ConsoleKey, change: Change) => void;
  /** Stores a new key, opens its panel and shows its secret. */
  readonly onIssued: (issued: Issued) => void;
}

/** Returns the handlers of changes to keys. The notice of a disabled key can undo the change. */
export function useKeyChanges({ session, store, showToast, setOpen, openKey }: KeyChangesDeps): KeyChanges {
  /** The ids of the keys with a pending request. Further clicks on them are ignored. */
  const { current: pending } = useRef(new Set<string>());
  const onChanged = (record: ConsoleKey, change: Change) => {
    store.put(record);
    const text = describeChange(record, change, session.table.revocationDelaySeconds);
    showToast(text, change === 'Disabled' ? { undo: () => act('enable', record) } : {});
  };
  const act = (action: KeyAction, record: ConsoleKey) => {
    if (pending.has(record.id)) return;
    if (action !== 'disable' && action !== 'enable') {
      setOpen({ kind: action, record });
      return;
    }
    pending.add(record.id);
    void api[action](record.id)
      .then(
        (changed) => onChanged(changed, action === 'disable' ? 'Disabled' : 'Enabled'),
        async (error: Error) => {
          showToast(error.message, { isProblem: true });
          // Another console may have changed the key first, so the page reads it again.
          await api.read(record.id).then(store.put, () => {});
        },
      )
      .finally(() => pending.delete(record.id));
  };
  const onIssued = (issued: Issued) => {
    const { record, previous } = issued;
    store.put(...(previous === undefined ? [] : [previous]), record);
    setOpen({ kind: 'secret', issued });
    openKey(record.id);
  };
  return { act, onChanged, onIssued };
}

function describeChange({ label }: ConsoleKey, change: Change, delaySeconds: number | null): string {
  const done = `${change} “${printable(label)}”.`;
  if (change === 'Saved') return done;
  return `${done} ${effectSentence(change === 'Enabled' ? 'Accepted' : 'Refused', delaySeconds, Date.now())}`;
}
