import { h, render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fill } from '../../components/language.ts';
import type { PortalClient, PortalVisit } from './portalClient.ts';
import type { PortalTexts } from './portalTexts.ts';

/** What the page shows. */
type View =
  | { readonly name: 'loading' | 'ended' | 'signedOut' }
  | { readonly name: 'failed'; readonly retry: () => void }
  | { readonly name: 'keys'; readonly visit: PortalVisit }
  | { readonly name: 'refused'; readonly visit: PortalVisit | undefined }
  | { readonly name: 'switch'; readonly visit: PortalVisit; readonly code: string };

export interface PortalPageProps {
  readonly client: PortalClient;
  readonly texts: PortalTexts;
  /** The code with which the page was opened. */
  readonly code: string | undefined;
  /** The `base-url` of the element. */
  readonly keysUrl: string;
  /** The place of the session's controls. */
  readonly nav: Element;
  /** Calls a function with the code of each link that is opened in the same tab. Returns the end of it. */
  readonly onCode: (handle: (code: string) => void) => () => void;
}

/** Shows the owner's keys, or the reason why it can't. */
export function PortalPage({ client, texts, code, keysUrl, nav, onCode }: PortalPageProps) {
  const { view, open, signIn, signOut, end } = usePortal(client);
  useEffect(() => {
    void (code === undefined ? open() : signIn(code));
    return onCode((next) => void signIn(next));
  }, []);
  const visit = view.name === 'keys' ? view.visit : undefined;
  useEffect(() => {
    render(visit === undefined ? null : <Session {...{ texts, visit, signOut }} />, nav);
  }, [visit]);
  if (visit !== undefined) return <Keys key={visit.owner} url={keysUrl} onEnd={end} />;
  return <Message {...{ view, texts, open, signIn }} />;
}

function usePortal(client: PortalClient) {
  const [view, setView] = useState<View>({ name: 'loading' });
  const open = async () => {
    setView({ name: 'loading' });
    const visit = await client.visit();
    if (visit === 'ended') return setView({ name: 'ended' });
    setView(visit === 'failed' ? { name: 'failed', retry: () => void open() } : { name: 'keys', visit });
  };
  const signIn = async (code: string, switchOwner = false): Promise<void> => {
    setView({ name: 'loading' });
    const outcome = await client.signIn(code, switchOwner);
    if (outcome === 'signed in') return open();
    if (outcome === 'failed') return setView({ name: 'failed', retry: () => void signIn(code, switchOwner) });
    const current = await client.visit();
    const visit = typeof current === 'string' ? undefined : current;
    if (outcome === 'refused') return setView({ name: 'refused', visit });
    // The other session has ended in the meantime, so there is nothing to leave.
    return visit === undefined ? signIn(code, true) : setView({ name: 'switch', visit, code });
  };
  const signOut = async () => {
    const isSignedOut = await client.signOut();
    setView(isSignedOut ? { name: 'signedOut' } : { name: 'failed', retry: () => void signOut() });
  };
  return { view, open, signIn, signOut, end: () => setView({ name: 'ended' }) };
}

interface SessionProps {
  readonly texts: PortalTexts;
  readonly visit: PortalVisit;
  readonly signOut: () => Promise<void>;
}

function Session({ texts, visit, signOut }: SessionProps) {
  return (
    <>
      <span class="account">{fill(texts.account, { owner: visit.owner })}</span>
      <a href={visit.returnUrl}>{texts.back}</a>
      <button type="button" onClick={() => void signOut()}>
        {texts.signOut}
      </button>
    </>
  );
}

/** The element tells when the server rejects the session. */
function Keys({ url, onEnd }: { readonly url: string; readonly onEnd: () => void }) {
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    element.current?.addEventListener('latchkey-session-expired', onEnd);
  }, []);
  return h('latchkey-keys', { 'base-url': url, ref: element });
}

interface MessageProps {
  readonly view: View;
  readonly texts: PortalTexts;
  readonly open: () => Promise<void>;
  readonly signIn: (code: string, switchOwner: boolean) => Promise<void>;
}

function Message({ view, texts, open, signIn }: MessageProps) {
  const { name } = view;
  const visit = 'visit' in view ? view.visit : undefined;
  if (name === 'loading' || name === 'keys') return <p role="status">{texts.loading}</p>;
  return (
    <section class="message" role="alert">
      <h2>{texts[`${name}Title`]}</h2>
      <p>{fill(texts[`${name}Text`], { owner: visit?.owner ?? '' })}</p>
      <p class="choices">
        {name === 'switch' ? (
          <button type="button" class="primary" onClick={() => void signIn(view.code, true)}>
            {texts.continue}
          </button>
        ) : null}
        {visit === undefined ? null : (
          <button type="button" onClick={() => void open()}>
            {fill(name === 'switch' ? texts.stay : texts.keysOf, { owner: visit.owner })}
          </button>
        )}
        {name === 'failed' ? (
          <button type="button" class="primary" onClick={view.retry}>
            {texts.retry}
          </button>
        ) : null}
      </p>
    </section>
  );
}
