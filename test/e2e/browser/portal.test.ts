import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { axeFindings } from './axeFindings.ts';
import { type AppPage, bundleReactApp, openApp, serveApp, STRICT_POLICY } from './elementPage.ts';
import { FakeOwnerApi } from './fakeOwnerApi.ts';

jest.setTimeout(60_000);

let browser: Browser;
let context: BrowserContext;
let api: FakeOwnerApi;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  api = new FakeOwnerApi();
  await api.serve(context);
});
afterEach(() => context.close());

async function open(app?: AppPage) {
  await serveApp(context, app);
  return openApp(context);
}

/** Waits until a control has the focus. */
async function expectFocus(control: Locator): Promise<void> {
  await control.and(control.page().locator(':focus')).waitFor();
}

/** Returns everything that the element has in its shadow tree. */
function shadowOf(page: Page): Promise<string> {
  return page.evaluate("document.querySelector('latchkey-keys').shadowRoot.innerHTML");
}

const ALL_EVENTS = ['created', 'updated', 'rotated', 'disabled', 'enabled', 'revoked'];
/** A module that keeps the element's events in `window.heard`. */
const LISTEN = `import '/latchkey-keys.js';
window.heard = [];
for (const name of ${JSON.stringify(ALL_EVENTS)}) {
  document.addEventListener('latchkey-key-' + name, (event) => window.heard.push([name, event.detail]));
}
addEventListener('latchkey-session-expired', () => window.heard.push(['session-expired']));`;

describe('<latchkey-keys> in a page with a strict Content Security Policy', () => {
  test('creates, edits, disables, rotates and revokes a key with only the keyboard', async () => {
    const { page, problems } = await open({ script: LISTEN, policy: STRICT_POLICY });
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    await page.getByRole('heading', { name: 'You have no keys yet' }).waitFor();
    await press('Tab', 'Enter');
    await page.getByRole('dialog', { name: 'New key' }).waitFor();
    await press('Enter');
    await page.getByText('Enter what the key is for, such as build server.').waitFor();
    await page.keyboard.type('ci');
    await press('Tab', 'Space', 'Tab', 'Tab', 'ArrowRight', 'Tab', 'ArrowRight', 'ArrowRight', 'Enter');

    await page.getByRole('dialog', { name: 'Save your key: ci' }).waitFor();
    await press('Escape');
    await page.getByText("You haven't copied the key. Close again to discard it.").waitFor();
    await press('Enter');
    await page.getByText('Copied.').waitFor();
    const secret = (await page.evaluate('navigator.clipboard.readText()')) as string;
    expect(secret).toMatch(/^sk_\w{49}$/);
    expect(await shadowOf(page)).toContain(secret);
    await press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await shadowOf(page)).not.toContain(secret);
    const [created] = [...api.keys.values()];
    expect(created).toMatchObject({ label: 'ci', scopes: ['orders:write'], plan: 'pro' });
    await expectFocus(button('New key'));

    await press('Tab', 'Tab', 'Enter');
    await page.keyboard.type(' server');
    await press('Enter');
    await page.getByText('ci server is saved.').waitFor();
    await expectFocus(button('Edit: ci server'));
    await press('Tab', 'Tab', 'Enter');
    await page.getByText(/^ci server is disabled. Refused everywhere by \d/).waitFor();
    await expectFocus(page.getByRole('heading', { name: 'ci server' }));
    await press('Tab', 'Tab', 'Tab', 'Enter');
    await page.getByText(/^ci server is enabled/).waitFor();

    await button('Rotate: ci server').press('Enter');
    await page.getByText(/^Both keys work until/).waitFor();
    await press('Enter');
    await page.getByRole('dialog', { name: 'Save your key: ci server' }).waitFor();
    await press('Enter');
    await page.getByText('Copied.').waitFor();
    await press('Escape');
    await page.getByText('A newer key replaces this one.').waitFor();
    await button('Revoke: ci server').first().press('Enter');
    await page.keyboard.type('tried out');
    await press('Enter');
    await page.getByText(/^ci server is revoked/).waitFor();
    expect([...api.keys.values()].map(({ revokedReason }) => revokedReason)).toContain('tried out');
    await expectFocus(page.getByRole('heading', { name: 'API keys' }));

    const heard = (await page.evaluate('window.heard')) as readonly [string, object][];
    expect(heard.map(([name]) => name)).toEqual(['created', 'updated', 'disabled', 'enabled', 'rotated', 'revoked']);
    expect(JSON.stringify(heard)).not.toMatch(/sk_\w{20}/);
    expect(problems).toEqual([]);
  });
});

test('a page can also be plain HTML that passes tokens, and the element asks for a new one once', async () => {
  const body = '<main><h1>Account</h1><latchkey-keys></latchkey-keys></main>';
  const script = `import '/latchkey-keys.js';
    const element = document.querySelector('latchkey-keys');
    let tokens = 0;
    element.tokenProvider = async () => 'token-' + ++tokens;
    element.baseUrl = '/me/';`;
  api.add({ label: 'mine' });
  api.intercept = (request) =>
    request.headers()['authorization'] === 'Bearer token-1'
      ? { status: 401, json: { message: 'Unauthorized' } }
      : undefined;
  const { page, problems } = await open({ body, script, policy: STRICT_POLICY });
  await page.getByRole('heading', { name: 'mine' }).waitFor();
  const sent = await Promise.all(api.requests.map((request) => request.allHeaders()));
  expect(sent.map(({ authorization }) => authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
    'Bearer token-3',
  ]);
  expect(sent.every(({ cookie }) => cookie === undefined)).toBe(true);
  expect(problems).toEqual([]);
});

test('React 19 passes properties to the element and hears its events', async () => {
  const { page, problems } = await open({ body: '<div id="root"></div>', script: await bundleReactApp() });
  await page.getByRole('button', { name: 'New key' }).last().click();
  await page.getByLabel('Label').fill('from React');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: 'Save your key: from React' }).waitFor();
  await page.getByText('Newest: from React').waitFor();
  expect(await api.requests.at(-1)?.headerValue('authorization')).toBe('Bearer token-of-react');
  expect(problems).toEqual([]);
});

describe.each(['light', 'dark'] as const)('axe in %s mode', (colorScheme) => {
  test.each([
    ['en', 'New key', 'Create key', 'Edit: build', 'Rotate: build', 'Revoke: build', 'Requests: build', 'Cancel'],
    [
      'de',
      'Neuer Schlüssel',
      'Schlüssel erstellen',
      'Bearbeiten: build',
      'Ersetzen: build',
      'Widerrufen: build',
      'Anfragen: build',
      'Abbrechen',
    ],
  ])(
    'finds no problems at 320 px in the language %s',
    async (lang, newKey, create, edit, rotate, revoke, usage, cancel) => {
      const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString();
      api.add({ label: 'build', expiresAt: days(3), lastUsedAt: days(0), allowedIps: ['203.0.113.7'] });
      api.add({ label: 'a label that is much too long for the width of a small telephone', disabledAt: days(-1) });
      api.add({ label: 'ended', revokedAt: days(-1), revokedReason: 'leaked' });
      await context.close();
      context = await browser.newContext({ colorScheme, viewport: { width: 320, height: 640 } });
      await api.serve(context);
      const { page } = await open({ lang });
      const check = async () => {
        expect(await axeFindings(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
      };
      const click = (name: string) => page.getByRole('button', { name, exact: true }).click();
      await page.locator('summary').click();
      await click(usage);
      await page.locator('.chart').waitFor();
      await check();
      for (const name of [newKey, edit, rotate, revoke]) {
        await click(name);
        await page.getByRole('dialog').waitFor();
        await check();
        await click(cancel);
      }
      await click(newKey);
      await click(create);
      await page.locator('.field-error').waitFor();
      await page.locator('input[type=text]').fill('shown');
      await check();
      await click(create);
      await page.locator('.secret').waitFor();
      await page.keyboard.press('Escape');
      await check();
    },
  );
});

describe('<latchkey-keys>', () => {
  test('creates one key if a response gets lost and the owner tries again, and offers to revoke it', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'New key' }).last().click();
    await page.getByLabel('Label').fill('lost');
    await page.getByRole('radio', { name: '7 days' }).check();
    api.intercept = (request) => (request.method() === 'POST' ? 'lost' : undefined);
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByText('Try again: the key can’t be created twice.').waitFor();
    api.intercept = () => undefined;
    await page.getByRole('button', { name: 'Create key' }).click();
    const dialog = page.getByRole('dialog', { name: 'The key can’t be shown' });
    await dialog.getByText(/The key lost was created/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(api.keys.size).toBe(1);
    await dialog.getByRole('button', { name: 'Revoke this key' }).click();
    await page.getByText(/^lost is revoked/).waitFor();
    expect([...api.keys.values()][0]).toHaveProperty('revokedAt');
  });

  test('shows the errors of the server in the language of the page, each at its field', async () => {
    const detail = 'allowedIps: expected an address, got "x"; label: expected 1 to 256 characters';
    const { page } = await open({ lang: 'de-AT' });
    await page.getByRole('button', { name: 'Neuer Schlüssel' }).last().click();
    await page.getByLabel('Bezeichnung').fill('x');
    api.intercept = (request) =>
      request.method() === 'POST' ? { status: 400, json: { code: 'INPUT_INVALID', detail } } : undefined;
    await page.getByRole('button', { name: 'Schlüssel erstellen' }).click();
    await page.getByText('Geben Sie 1 bis 20 IP-Adressen').waitFor();
    await page.getByText('Geben Sie 1 bis 256 Zeichen ohne Steuerzeichen ein.').waitFor();
    await expectFocus(page.getByLabel('Bezeichnung'));
    api.intercept = (request) =>
      request.method() === 'POST' ? { status: 409, json: { code: 'TOO_MANY_KEYS', detail: 'too many' } } : undefined;
    await page.getByRole('button', { name: 'Schlüssel erstellen' }).click();
    await page.getByText('Sie haben so viele Schlüssel, wie möglich sind.').waitFor();
  });

  test('turns off the button for a new key if the owner has as many as possible', async () => {
    api.access = { ...api.access, maxKeys: 1, scopes: null, plans: null };
    api.add({ label: 'the only one', rotatedTo: 'another' });
    api.add({ label: 'its successor' });
    const { page } = await open();
    const button = page.getByRole('button', { name: 'New key' });
    await page.getByText('You have 1 keys, and more aren’t possible.').waitFor();
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await button.click({ force: true });
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  test('keeps the list when the session ends, and loads it after a new sign-in', async () => {
    api.add({ label: 'mine' });
    const { page } = await open({ script: LISTEN });
    await page.getByRole('heading', { name: 'mine' }).waitFor();
    api.intercept = () => ({ status: 401, json: { message: 'Unauthorized' } });
    await page.evaluate("dispatchEvent(new Event('online'))");
    await page.getByText('Your session has ended. Sign in again.').waitFor();
    expect(await page.getByRole('heading', { name: 'mine' }).count()).toBe(1);
    expect(await page.evaluate('window.heard')).toEqual([['session-expired']]);
    expect(await axeFindings(page)).toEqual([]);
    api.intercept = () => undefined;
    await page.evaluate("document.querySelector('latchkey-keys').reload()");
    await page.getByText('Your session has ended. Sign in again.').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'mine' }).waitFor();
  });

  test('shows why it has no keys while it loads, offline and after an error', async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await context.route(/\/me(\/keys)?$/, async (route) => {
      await released;
      await route.fallback();
    });
    api.intercept = () => ({ status: 503, json: { code: 'STORE_UNAVAILABLE', detail: 'no table' } });
    const { page } = await open();
    await page.locator('.skeleton').first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    release();
    await page.getByText('Your keys couldn’t be loaded. The keys can’t be reached at the moment.').waitFor();
    await context.setOffline(true);
    await page.getByText('You’re offline.').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    api.intercept = () => undefined;
    await context.setOffline(false);
    await page.getByRole('heading', { name: 'You have no keys yet' }).waitFor();
  });

  test('drops a shown secret when the page removes the element', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'New key' }).last().click();
    await page.getByLabel('Label').fill('removed');
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.locator('.secret').waitFor();
    await page.evaluate("window.removed = document.querySelector('latchkey-keys'), window.removed.remove()");
    expect(await page.evaluate('window.removed.shadowRoot.innerHTML')).toBe('');
    await page.evaluate('document.querySelector("main").append(window.removed)');
    await page.getByRole('heading', { name: 'removed' }).waitFor();
    expect(await shadowOf(page)).not.toContain('class="secret"');
  });

  test('renders a script in a label as text', async () => {
    const label = '<img src=x onerror="document.title=1">';
    api.add({ label });
    const { page, problems } = await open({ policy: STRICT_POLICY });
    await page.getByRole('heading', { name: label }).waitFor();
    expect(await page.title()).toBe('Account');
    expect(problems).toEqual([]);
  });

  test('takes the colours, the font and the texts of the page', async () => {
    const { page } = await open({
      script: `import '/latchkey-keys.js';
        const element = document.querySelector('latchkey-keys');
        element.texts = { heading: 'Zugänge', newKey: 'Neu' };
        element.style.setProperty('--latchkey-accent', 'rgb(255, 221, 0)');`,
    });
    const button = page.getByRole('button', { name: 'Neu' }).first();
    await page.getByRole('heading', { name: 'Zugänge' }).waitFor();
    const style = await button.evaluate((node) => {
      const { backgroundColor, color } = getComputedStyle(node);
      return [backgroundColor, color];
    });
    expect(style).toEqual(['rgb(255, 221, 0)', 'color(xyz-d65 0 0 0)']);
    expect(await axeFindings(page)).toEqual([]);
  });
});
