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
  /** The URL of the application, if the deployment has only one. */
  readonly home: string | undefined;
  /** The place of the session's controls. */
  readonly nav: Element;
  /** Calls a function with the code of each link that is opened in the same tab. Returns the end of it. */
  readonly onCode: (handle: (code: string) => void) => () => void;
}

/** Shows the owner's keys, or the reason why it can't. */
export function PortalPage({ client, texts, code, home, keysUrl, nav, onCode }: PortalPageProps) {
  const { view, returnUrl, open, check, signIn, signOut, end } = usePortal(client);
  useEffect(() => {
    void (code === undefined ? open() : signIn(code));
    return onCode((next) => void signIn(next));
  }, []);
  useEffect(() => onReturn(() => void check()), [view]);
  const visit = view.name === 'keys' ? view.visit : undefined;
  useEffect(() => {
    render(visit === undefined ? null : <Session {...{ texts, visit, signOut }} />, nav);
  }, [visit]);
  if (visit !== undefined) return <Keys key={visit.owner} url={keysUrl} onEnd={end} />;
  return <Message {...{ view, texts, open, signIn }} back={returnUrl ?? home} />;
}

/** Calls a function whenever the user comes back to the page. Returns the end of it. */
function onReturn(handle: () => void): () => void {
  const seen = () => {
    if (document.visibilityState === 'visible') handle();
  };
  addEventListener('focus', seen);
  document.addEventListener('visibilitychange', seen);
  return () => {
    removeEventListener('focus', seen);
    document.removeEventListener('visibilitychange', seen);
  };
}

function usePortal(client: PortalClient) {
  const [view, setView] = useState<View>({ name: 'loading' });
  const [returnUrl, setReturnUrl] = useState<string>();
  const show = (visit: PortalVisit) => {
    setReturnUrl(visit.returnUrl);
    setView({ name: 'keys', visit });
  };
  const fail = (again: () => Promise<void>) => setView({ name: 'failed', retry: () => void again() });
  const open = async () => {
    setView({ name: 'loading' });
    const visit = await client.visit();
    if (visit === 'ended') return setView({ name: 'ended' });
    return visit === 'failed' ? fail(open) : show(visit);
  };
  /** Another tab may have ended the session, or switched to another owner. */
  const check = async () => {
    if (view.name !== 'keys') return;
    const visit = await client.visit();
    if (visit === 'ended') return setView({ name: 'ended' });
    if (visit !== 'failed' && visit.owner !== view.visit.owner) show(visit);
  };
  const signIn = async (code: string, switchOwner = false): Promise<void> => {
    setView({ name: 'loading' });
    const outcome = await client.signIn(code, switchOwner);
    if (outcome === 'signed in') return open();
    if (outcome === 'failed') return fail(() => signIn(code, switchOwner));
    const visit = await client.visit();
    if (outcome === 'refused')
      return setView({ name: 'refused', visit: typeof visit === 'string' ? undefined : visit });
    if (visit === 'failed') return fail(() => signIn(code));
    // The other session has ended in the meantime, so the page leaves nobody.
    return visit === 'ended' ? signIn(code) : setView({ name: 'switch', visit, code });
  };
  const signOut = async () => {
    if (await client.signOut()) setView({ name: 'signedOut' });
    else fail(signOut);
  };
  return { view, returnUrl, open, check, signIn, signOut, end: () => setView({ name: 'ended' }) };
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
  /** The URL of the application, if it's known. */
  readonly back: string | undefined;
  readonly open: () => Promise<void>;
  readonly signIn: (code: string, switchOwner: boolean) => Promise<void>;
}

function Message({ view, texts, back, open, signIn }: MessageProps) {
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
        {back === undefined ? null : <a href={back}>{texts.back}</a>}
      </p>
    </section>
  );
}
