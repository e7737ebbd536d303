import 'latchkey/elements';
import type { LatchkeyKeysElement } from 'latchkey/elements';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'latchkey-keys': DetailedHTMLProps<HTMLAttributes<LatchkeyKeysElement>, LatchkeyKeysElement> &
        Partial<Pick<LatchkeyKeysElement, 'baseUrl' | 'tokenProvider' | 'texts'>> & {
          'onlatchkey-key-created'?: (event: HTMLElementEventMap['latchkey-key-created']) => void;
        };
    }
  }
}

/** Returns the token of the signed-in user. */
async function getToken(): Promise<string> {
  return 'token-of-react';
}

/** The account page of a customer, with the label of the newest key. */
function Account() {
  const [newest, setNewest] = useState('');
  return (
    <main>
      <h1>Account</h1>
      <p>Newest: {newest}</p>
      <latchkey-keys
        baseUrl="/me"
        tokenProvider={getToken}
        onlatchkey-key-created={({ detail }) => setNewest(detail.record.label)}
      />
    </main>
  );
}

const root = document.querySelector('#root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Account />
    </StrictMode>,
  );
}
