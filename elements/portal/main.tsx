// The script of the hosted page (docs/portal.md). The first import removes the code from the address.
import { OPENED_WITH, takeCode } from './takeCode.ts';
import { defineLatchkeyKeys } from '../latchkeyKeys.tsx';
import { render } from 'preact';
import { PortalPage } from './PortalPage.tsx';
import { createPortalClient } from './portalClient.ts';
import { choosePortalLanguage } from './portalTexts.ts';

defineLatchkeyKeys();
const { documentElement: root } = document;
const { tag, texts } = choosePortalLanguage(navigator.languages);
root.lang = tag;
showAccent(root.dataset['accent']);

// Relative, because the API's URL may have a stage's name or a base path.
const base = new URL('.', document.baseURI);
const main = document.querySelector('main');
const nav = document.querySelector('nav');
if (main !== null && nav !== null) {
  render(
    <PortalPage
      client={createPortalClient(base, (...request) => fetch(...request))}
      texts={texts}
      code={OPENED_WITH}
      home={root.dataset['home']}
      keysUrl={new URL('portal/me', base).pathname}
      nav={nav}
      onCode={onCode}
    />,
    main,
  );
}

/** Sets the deployment's colour. In the dark theme it's lighter, so that links stay readable. */
function showAccent(color: string | undefined): void {
  if (color === undefined) return;
  const accent = `light-dark(${color}, color-mix(in oklab, ${color} 55%, white))`;
  root.style.setProperty('--latchkey-accent', accent);
}

/** A link that is opened in the same tab changes only the fragment, so the page isn't loaded again. */
function onCode(handle: (code: string) => void): () => void {
  const listen = () => {
    const code = takeCode();
    if (code !== undefined) handle(code);
  };
  addEventListener('hashchange', listen);
  return () => removeEventListener('hashchange', listen);
}
