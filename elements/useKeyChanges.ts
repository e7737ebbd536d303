import { useRef } from 'preact/hooks';
import { effectText } from './effectText.ts';
import type { OpenDialog } from './KeyDialog.tsx';
import type { KeyAction } from './keysState.ts';
import { fill } from '../components/language.ts';
import { printable } from '../keys/printable.ts';
import type { IssuedOwnedKey, OwnedKey } from './ownedKey.ts';
import { problemText } from './problemText.ts';
import type { KeyStore } from './useKeys.ts';
import { useKeysPage } from './useKeysPage.ts';

/** What the page does with actions on keys, and with their results. */
export interface KeyChanges {
  /** Starts an action on a key: at once, or with a dialog. */
  readonly act: (action: KeyAction, record: OwnedKey) => void;
  /** Stores a new key, and shows its secret. */
  readonly onIssued: (issued: IssuedOwnedKey) => void;
  readonly onSaved: (record: OwnedKey) => void;
  readonly onRevoked: (record: OwnedKey) => void;
  /** Runs a change for a dialog. Its error has a text for the form. */
  readonly attempt: <Answer>(change: () => Promise<Answer>, isRepeatable?: boolean) => Promise<Answer>;
}

interface KeyChangesDeps {
  readonly store: KeyStore;
  readonly setOpen: (open: OpenDialog | undefined) => void;
  readonly setNotice: (notice: string) => void;
}

/** Returns the handlers of changes. Each change dispatches an event of the element, without the secret. */
export function useKeyChanges(deps: KeyChangesDeps): KeyChanges {
  const { store, setOpen, setNotice } = deps;
  const { language, emit } = useKeysPage();
  const { texts } = language;
  const tell = useNotices(deps);
  const switchKey = useSwitch(deps, tell);
  return {
    act: (action, record) => {
      setNotice('');
      if (action === 'disable' || action === 'enable') void switchKey(action, record);
      else setOpen({ kind: action, record });
    },
    onIssued: ({ key, record, previous }) => {
      store.put(record, ...(previous === undefined ? [] : [previous]));
      setNotice('');
      setOpen(key === undefined ? { kind: 'lost', record, previous } : { kind: 'secret', key, record, previous });
      if (previous === undefined) emit('latchkey-key-created', { record });
      else emit('latchkey-key-rotated', { record, previous });
    },
    onSaved: (record) => {
      store.put(record);
      tell(texts.saved, record);
      emit('latchkey-key-updated', { record });
    },
    onRevoked: (record) => {
      store.put(record);
      tell(texts.revokedNotice, record);
      emit('latchkey-key-revoked', { record });
    },
    attempt: async (change, isRepeatable = false) => {
      try {
        return await change();
      } catch (failure) {
        const place = { isOnline: navigator.onLine, isRepeatable };
        throw new Error(problemText(failure, texts, place), { cause: failure });
      }
    },
  };
}

type Tell = (text: string, record: OwnedKey, verb?: 'refused' | 'accepted') => void;

/** Returns a function that shows a notice about a key, with the time when every authorizer applies the change. */
function useNotices({ store, setNotice }: KeyChangesDeps): Tell {
  const { language } = useKeysPage();
  const seconds = store.state.access?.revocationDelaySeconds ?? null;
  return (text, record, verb = 'refused') => {
    const effect = effectText(verb, seconds, Date.now(), language);
    setNotice(fill(text, { label: printable(record.label), effect }));
  };
}

/** Returns a function that disables or enables a key. It ignores further clicks while the request is pending. */
function useSwitch({ store, setNotice }: KeyChangesDeps, tell: Tell) {
  const { client, language, emit } = useKeysPage();
  const { texts } = language;
  const { current: pending } = useRef(new Set<string>());
  return async (action: 'disable' | 'enable', { id }: OwnedKey): Promise<void> => {
    if (pending.has(id)) return;
    pending.add(id);
    try {
      const record = await client[action](id);
      store.put(record);
      if (action === 'disable') tell(texts.disabledNotice, record);
      else tell(texts.enabledNotice, record, 'accepted');
      emit(action === 'disable' ? 'latchkey-key-disabled' : 'latchkey-key-enabled', { record });
    } catch (failure) {
      setNotice(problemText(failure, texts, { isOnline: navigator.onLine }));
    } finally {
      pending.delete(id);
    }
  };
}
