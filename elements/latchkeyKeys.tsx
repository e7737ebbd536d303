import { render } from 'preact';
import type { KeysTexts } from './english.ts';
import { KeysApp } from './KeysApp.tsx';
import { createKeysClient, type KeysClient } from './keysClient.ts';
import { toKeysLanguage } from './keysLanguage.ts';
import type { LatchkeyKeysElement } from './latchkeyKeysElement.ts';
import css from './latchkeyKeys.css';
import { MissingBaseUrl } from './MissingBaseUrl.tsx';
import type { Emit } from './useKeysPage.ts';

/** Defines the element unless the page already has it. Does nothing without a browser, such as during SSR. */
export function defineLatchkeyKeys(): void {
  if (typeof customElements === 'undefined' || customElements.get('latchkey-keys') !== undefined) return;
  customElements.define('latchkey-keys', LatchkeyKeys);
}

/** The properties that a page may have set before the element was defined. */
const PROPERTIES = ['baseUrl', 'tokenProvider', 'texts'] as const;

/** A server has no `HTMLElement`. */
const Base = (typeof HTMLElement === 'undefined' ? Object : HTMLElement) as typeof HTMLElement;

/** The element `<latchkey-keys>`. Its shadow tree contains the page of an owner's keys. */
export class LatchkeyKeys extends Base implements LatchkeyKeysElement {
  static readonly observedAttributes = ['base-url', 'lang'];
  readonly #root = this.attachShadow({ mode: 'open' });
  #client: KeysClient | undefined;
  #tokenProvider: LatchkeyKeysElement['tokenProvider'];
  #texts: Partial<KeysTexts> | undefined;
  #isScheduled = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [getStyleSheet()];
  }

  get baseUrl(): string {
    return this.getAttribute('base-url') ?? '';
  }

  set baseUrl(url: string) {
    this.setAttribute('base-url', url);
  }

  get tokenProvider(): LatchkeyKeysElement['tokenProvider'] {
    return this.#tokenProvider;
  }

  set tokenProvider(provider: LatchkeyKeysElement['tokenProvider']) {
    // Frameworks pass a new function for each render. Only the kind of the session matters to the loaded keys.
    const isOther = (provider === undefined) !== (this.#tokenProvider === undefined);
    this.#tokenProvider = provider ?? undefined;
    if (isOther) this.#client = undefined;
    this.#update();
  }

  get texts(): Partial<KeysTexts> | undefined {
    return this.#texts;
  }

  set texts(texts: Partial<KeysTexts> | undefined) {
    this.#texts = texts ?? undefined;
    this.#update();
  }

  reload(): void {
    // The owner may be another one now, so the loaded keys go.
    this.#client = undefined;
    this.#update();
  }

  connectedCallback(): void {
    for (const name of PROPERTIES) this.#upgrade(name);
    this.#update();
  }

  disconnectedCallback(): void {
    // Drops the keys, and a secret that is still shown.
    render(null, this.#root);
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'base-url') this.#client = undefined;
    this.#update();
  }

  /** Passes a value to the setter that was assigned before the element had setters. */
  #upgrade<Name extends (typeof PROPERTIES)[number]>(name: Name): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    Reflect.deleteProperty(this, name);
    (this as LatchkeyKeysElement)[name] = value;
  }

  /** Renders after the current script, because a page often sets the properties right after its imports. */
  #update(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.isConnected) this.#render();
    });
  }

  #render(): void {
    const tag = this.closest<HTMLElement>('[lang]')?.lang ?? document.documentElement.lang;
    const language = toKeysLanguage(tag, this.#texts);
    const { baseUrl } = this;
    if (baseUrl === '') return render(<MissingBaseUrl text={language.texts.noBaseUrl} />, this.#root);
    const client = (this.#client ??= createKeysClient({
      baseUrl,
      tokenProvider: this.#tokenProvider && (() => this.#tokenProvider?.() ?? Promise.resolve('')),
      fetch: (...request) => fetch(...request),
    }));
    render(<KeysApp page={{ client, language, emit: this.#emit }} />, this.#root);
  }

  readonly #emit: Emit = (name, detail) => {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  };
}

let shared: CSSStyleSheet | undefined;

/** Returns the style sheet of all elements on the page. A Content Security Policy allows constructed sheets. */
function getStyleSheet(): CSSStyleSheet {
  if (shared === undefined) {
    shared = new CSSStyleSheet();
    shared.replaceSync(css);
  }
  return shared;
}
