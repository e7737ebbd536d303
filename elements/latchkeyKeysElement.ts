import type { KeysTexts } from './english.ts';

/** A key in the details of the element's events. It never contains the secret. */
export interface LatchkeyKey {
  readonly id: string;
  readonly label: string;
  /** The start of the key, such as `sk_2QbFm7Xk`. */
  readonly keyPrefix?: string;
  readonly scopes?: readonly string[];
  readonly plan?: string;
  readonly allowedIps?: readonly string[];
  readonly createdAt: string;
  readonly lastUsedAt?: string;
  readonly expiresAt?: string;
  readonly disabledAt?: string;
  readonly revokedAt?: string;
  readonly revokedReason?: string;
  readonly rotatedFrom?: string;
  readonly rotatedTo?: string;
  readonly version?: number;
  readonly state: 'active' | 'disabled' | 'expired' | 'revoked';
}

/** The details of an event about a key. */
export interface LatchkeyKeyDetail {
  readonly record: LatchkeyKey;
  /** The old key after a rotation. */
  readonly previous?: LatchkeyKey;
}

/** The events of the element, by name. They bubble and leave shadow trees. */
export interface LatchkeyKeysEventMap {
  'latchkey-key-created': CustomEvent<LatchkeyKeyDetail>;
  'latchkey-key-updated': CustomEvent<LatchkeyKeyDetail>;
  'latchkey-key-rotated': CustomEvent<LatchkeyKeyDetail>;
  'latchkey-key-disabled': CustomEvent<LatchkeyKeyDetail>;
  'latchkey-key-enabled': CustomEvent<LatchkeyKeyDetail>;
  'latchkey-key-revoked': CustomEvent<LatchkeyKeyDetail>;
  /** The server rejected the owner's token or session. */
  'latchkey-session-expired': CustomEvent<null>;
}

/** The element `<latchkey-keys>`: the page where a customer makes and ends API keys. */
export interface LatchkeyKeysElement extends HTMLElement {
  /** The URL above `/keys` of the management API, such as `https://keys.example.com/me`. The attribute is `base-url`. */
  baseUrl: string;
  /**
   * Returns the owner's JWT. The element calls it before each request, and once more if the server rejects the token.
   * Without it, requests carry the cookies of the page's own origin.
   */
  tokenProvider: (() => Promise<string>) | undefined;
  /** Texts that replace the shipped ones. */
  texts: Partial<KeysTexts> | undefined;
  /** Loads the keys again, for example after a new sign-in. */
  reload(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'latchkey-keys': LatchkeyKeysElement;
  }
  // The events bubble, so a page can listen on any element.
  interface HTMLElementEventMap extends LatchkeyKeysEventMap {}
}
