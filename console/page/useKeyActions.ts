import { useRef } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { api, type Issued, type SessionInfo } from './api.ts';
import { type BulkAction, bulkNotice, type BulkResult, bulkTargets, changeAll } from './bulk.ts';
import { type Change, effectSentence } from './effect.ts';
import type { KeyAction } from './keyActions.ts';
import type { KeyStore } from './keyStore.ts';
import type { ListView } from './listAddress.ts';
import type { OpenDialogState } from './OpenDialog.tsx';
import type { Go } from './route.ts';
import type { ToastStack } from './Toasts.tsx';

/** What the page does with actions on keys, and with their results. */
export interface KeyHandlers {
  /** Starts an action on one key. */
  readonly act: (action: KeyAction, record: ConsoleKey) => void;
  /** Starts an action on the keys that it can change. */
  readonly actOnMany: (action: BulkAction, records: readonly ConsoleKey[]) => void;
  readonly onChanged: (record: ConsoleKey, change: Change) => void;
  readonly onIssued: (issued: Issued) => void;
  readonly onBulkRevoked: (result: BulkResult) => void;
}

interface KeyActionsDeps {
  readonly store: KeyStore;
  readonly table: SessionInfo['table'];
  readonly go: Go;
  /** The current filter and sort order. */
  readonly list: ListView | undefined;
  readonly setOpen: (open: OpenDialogState) => void;
  readonly show: ToastStack['show'];
}

/**
 * Returns the handlers of actions on keys. They disable or enable a key immediately, with a notice that can undo it. They
 * open a dialog for other actions.
 */
export function useKeyActions(deps: KeyActionsDeps): KeyHandlers {
  const { store, go, list, setOpen, show } = deps;
  /** The ids of the keys with a pending request. Further clicks on them are ignored. */
  const { current: pending } = useRef(new Set<string>());
  const onChanged = createChangeHandler(deps, (action, id) => switchKey(action, id));
  const switchKey = createSwitch(deps, pending, onChanged);
  const switchMany = createBulkSwitch(deps);
  return {
    act: (action, record) => {
      if (pending.has(record.id)) return;
      if (action === 'disable' || action === 'enable') switchKey(action, record.id);
      else setOpen({ kind: action, record });
    },
    actOnMany: (action, records) => {
      const targets = bulkTargets(action, records);
      if (action === 'revoke') setOpen({ kind: 'bulk revoke', records: targets });
      else void switchMany(action, targets);
    },
    onChanged,
    onIssued: (issued) => {
      const { record, previous } = issued;
      store.put(...(previous === undefined ? [] : [previous]), record);
      setOpen({ kind: 'secret', issued });
      go({ view: 'keys', id: record.id, ...(list === undefined ? {} : { list }) });
    },
    onBulkRevoked: (result) => {
      store.put(...result.changed);
      show(bulkNotice('revoked', result), { isProblem: result.failures > 0 });
    },
  };
}

const EFFECTS = { Enabled: 'Accepted', Disabled: 'Refused', Revoked: 'Refused', Reset: 'In effect' } as const;

type Switch = 'disable' | 'enable';
type SwitchKey = (action: Switch, id: string) => void;

/** Returns a function that stores a changed key, and shows a notice with the time when authorizers apply the change. */
function createChangeHandler({ store, table, show }: KeyActionsDeps, switchKey: SwitchKey) {
  return (record: ConsoleKey, change: Change): void => {
    store.put(record);
    const name = printable(record.label);
    if (change === 'Saved') return show(`${name} is saved.`);
    const effect = effectSentence(EFFECTS[change], table.revocationDelaySeconds, Date.now());
    const text =
      change === 'Reset' ? `The quota of ${name} is reset. ${effect}` : `${name} is ${change.toLowerCase()}. ${effect}`;
    return show(text, change === 'Disabled' ? { undo: () => switchKey('enable', record.id) } : {});
  };
}

/** Returns a function that disables or enables one key. */
function createSwitch(
  { store, show }: KeyActionsDeps,
  pending: Set<string>,
  onChanged: KeyHandlers['onChanged'],
): SwitchKey {
  return (action, id) => {
    pending.add(id);
    void api[action](id)
      .then(
        (changed) => onChanged(changed, action === 'disable' ? 'Disabled' : 'Enabled'),
        async (error: Error) => {
          show(error.message, { isProblem: true });
          // Another console may have changed the key first, so the page reads it again.
          await api.read(id).then(store.put, () => {});
        },
      )
      .finally(() => pending.delete(id));
  };
}

/** Returns a function that disables or enables several keys. */
function createBulkSwitch({ store, show }: KeyActionsDeps) {
  const switchMany = async (action: Switch, records: readonly ConsoleKey[]): Promise<void> => {
    const result = await changeAll(records, ({ id }) => api[action](id));
    const { changed, failures } = result;
    store.put(...changed);
    const undo = action === 'disable' && changed.length > 0 ? { undo: () => void switchMany('enable', changed) } : {};
    show(bulkNotice(`${action}d`, result), { isProblem: failures > 0, ...undo });
  };
  return switchMany;
}
