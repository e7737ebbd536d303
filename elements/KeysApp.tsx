import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { fill } from '../components/language.ts';
import { LanguageContext } from '../components/useLanguage.ts';
import { KeyDialog, type OpenDialog } from './KeyDialog.tsx';
import { KeyList } from './KeyList.tsx';
import { KeysProblem } from './keysClient.ts';
import { type KeysState, type SortedKeys, sortKeys } from './keysState.ts';
import { problemText } from './problemText.ts';
import { useKeyChanges } from './useKeyChanges.ts';
import { type KeyStore, useKeys } from './useKeys.ts';
import { type KeysPage, KeysPageContext, useKeysPage, useNow, useOnline } from './useKeysPage.ts';

/** Shows an owner's keys with everything that the owner may do with them. */
export function KeysApp({ page }: { page: KeysPage }) {
  return (
    <KeysPageContext.Provider value={page}>
      <LanguageContext.Provider value={page.language}>
        <Keys />
      </LanguageContext.Provider>
    </KeysPageContext.Provider>
  );
}

function Keys() {
  const { client, language } = useKeysPage();
  const store = useKeys(client);
  const nowMs = useNow();
  const [open, setOpen] = useState<OpenDialog>();
  const [notice, setNotice] = useState('');
  const { state } = store;
  const { access } = state;
  const sorted = sortKeys(state.keys, nowMs);
  const headingId = useId();
  const changes = useKeyChanges({ store, setOpen, setNotice });
  useSessionEvent(state);
  return (
    <section class="latchkey" lang={language.locale} aria-labelledby={headingId}>
      <Head {...{ headingId, state, sorted }} onNew={() => setOpen({ kind: 'new' })} />
      <Trouble state={state} reload={store.reload} />
      <p role="status" class={notice === '' ? 'unseen' : 'notice'}>
        {notice}
      </p>
      {access === undefined ? null : (
        <KeyList {...{ sorted, access, nowMs }} onAct={changes.act} onNew={() => setOpen({ kind: 'new' })} />
      )}
      {access === undefined && state.failure === undefined ? <Loading /> : null}
      {open === undefined ? null : (
        <KeyDialog key={dialogKey(open)} {...{ open, access, nowMs, changes }} onClose={() => setOpen(undefined)} />
      )}
    </section>
  );
}

/** A new dialog must not inherit the state of the one before. */
function dialogKey(open: OpenDialog): string {
  return 'record' in open ? `${open.kind} ${open.record.id}` : open.kind;
}

interface HeadProps {
  readonly headingId: string;
  readonly state: KeysState;
  readonly sorted: SortedKeys;
  readonly onNew: () => void;
}

/** Shows the heading, the number of keys and the button for a new one. */
function Head({ headingId, state: { access }, sorted, onNew }: HeadProps) {
  const { language } = useKeysPage();
  const { texts } = language;
  const whyId = useId();
  const isFull = access !== undefined && sorted.counted >= access.maxKeys;
  return (
    <>
      <header class="keys-head">
        <h2 id={headingId} tabIndex={-1} data-fallback-focus>
          {texts.heading}
        </h2>
        {access === undefined ? null : (
          <>
            <span class="quiet">{fill(texts.countOfMost, { count: sorted.counted, most: access.maxKeys })}</span>
            <button
              type="button"
              class="primary"
              aria-disabled={isFull}
              aria-describedby={isFull ? whyId : undefined}
              onClick={isFull ? undefined : onNew}
            >
              {texts.newKey}
            </button>
          </>
        )}
      </header>
      {isFull ? (
        <p id={whyId} class="hint">
          {fill(texts.tooMany, { most: access.maxKeys })}
        </p>
      ) : null}
    </>
  );
}

/** Shows what is wrong with the whole page: the connection, the session, or the last load. */
function Trouble({ state: { failure, access }, reload }: Pick<KeyStore, 'state' | 'reload'>) {
  const { texts } = useKeysPage().language;
  const isOnline = useOnline();
  const isTransient = failure instanceof KeysProblem && failure.code === 'UNREACHABLE';
  const text = !isOnline
    ? texts.offline
    : failure === undefined
      ? undefined
      : `${access === undefined && !isTransient ? `${texts.loadFailed} ` : ''}${problemText(failure, texts, { isOnline })}`;
  return (
    <div role="alert">
      {text === undefined ? null : (
        <div class={isOnline && !isTransient ? 'refusal' : 'notice notice-warning'}>
          <p>{text}</p>
          {isOnline ? (
            <button type="button" onClick={reload}>
              {texts.retry}
            </button>
          ) : null}
        </div>
      )}
    </div>
  );
}

function Loading() {
  const { texts } = useKeysPage().language;
  return (
    <>
      <p role="status" class="unseen">
        {texts.loading}
      </p>
      <div class="keys-loading" aria-hidden="true">
        {Array.from({ length: 3 }, (_, index) => (
          <div key={index} class="key">
            <span class="skeleton" />
            <span class="skeleton" />
          </div>
        ))}
      </div>
    </>
  );
}

/** Tells the page once that the session has ended, so that it can sign the owner in again. */
function useSessionEvent({ failure }: KeysState): void {
  const { emit } = useKeysPage();
  const isEnded = failure instanceof KeysProblem && failure.code === 'SESSION_ENDED';
  const before = useRef(false);
  useEffect(() => {
    if (isEnded && !before.current) emit('latchkey-session-expired', null);
    before.current = isEnded;
  }, [isEnded]);
}
