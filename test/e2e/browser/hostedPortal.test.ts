import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { fetchAsOperator } from '../../support/localOperator.ts';
import { axeFindings } from './axeFindings.ts';

const RETURN_URL = 'http://localhost:3000/settings';

let browser: Browser;
let gateway: Gateway;
let origin: string;
let context: BrowserContext;
let page: Page;
let problems: string[];

beforeAll(async () => {
  [browser, gateway] = await Promise.all([launchBrowser(), startGateway()]);
  ({ origin } = new URL(gateway.url));
}, 120_000);
beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  page = await newPage();
});
afterEach(() => context.close());
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});

async function newPage(): Promise<Page> {
  const opened = await context.newPage();
  opened.setDefaultTimeout(20_000);
  problems = [];
  opened.on('console', (message) => {
    if (!/Failed to load resource/.test(message.text())) problems.push(message.text());
  });
  opened.on('pageerror', (error) => problems.push(String(error)));
  return opened;
}

/** Returns a new link of the portal, as a back office gets it. */
async function openLink(owner = 'acme'): Promise<string> {
  const response = await fetchAsOperator(`${origin}/portal-sessions`, {
    method: 'POST',
    body: { owner, returnUrl: RETURN_URL },
  });
  return ((await response.json()) as { readonly url: string }).url;
}

const heading = (name: string) => page.getByRole('heading', { level: 2, name });
const button = (name: string) => page.getByRole('button', { name, exact: true });

describe('the hosted portal in Chromium', () => {
  test('creates a key that the gateway accepts, and signs out', async () => {
    const url = await openLink();
    await page.goto(url);
    await heading('API keys').waitFor();
    expect(page.url()).toBe(`${origin}/portal`);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await expect(page.getByRole('link', { name: 'Back to the application' }).getAttribute('href')).resolves.toBe(
      RETURN_URL,
    );

    await button('New key').first().click();
    await page.getByLabel('Label').fill('build server');
    await button('Create key').last().click();
    const key = await page.getByText(/^sk_\w{20,}$/).textContent();
    const accepted = await fetch(gateway.url, { headers: { authorization: `Bearer ${key}` } });
    expect(accepted.status).toBe(200);

    await page.reload();
    await page.getByText('build server').first().waitFor();
    await button('Sign out').click();
    await heading('You’re signed out').waitFor();
    await page.getByRole('link', { name: 'Back to the application' }).waitFor();
    await page.reload();
    await heading('Your session has ended').waitFor();
    expect(problems).toEqual([]);
  }, 60_000);

  test('refuses a used link in the same tab and in another browser', async () => {
    const url = await openLink();
    await page.goto(url);
    await heading('API keys').waitFor();
    await page.goto(url);
    await heading('This link doesn’t work').waitFor();
    await button('Show the keys of acme').click();
    await heading('API keys').waitFor();
    await context.clearCookies();
    await page.goto(url);
    await heading('This link doesn’t work').waitFor();
    await expect(button('Show the keys of acme').count()).resolves.toBe(0);
    await expect(axeFindings(page)).resolves.toEqual([]);
  }, 60_000);

  test('asks before a link leads to another owner', async () => {
    await page.goto(await openLink());
    await heading('API keys').waitFor();
    await page.goto(await openLink('globex'));
    await heading('This link is for another account').waitFor();
    await expect(axeFindings(page)).resolves.toEqual([]);
    await button('Stay in acme').click();
    await page.getByText('Account acme').waitFor();
    await page.goto(await openLink('globex'));
    await button('Continue with the other account').click();
    await page.getByText('Account globex').waitFor();
    expect(problems).toEqual([]);
  }, 60_000);

  test('asks again if it could not find out whose session the browser has', async () => {
    await page.goto(await openLink());
    await heading('API keys').waitFor();
    const isDescription = (url: URL) => url.pathname === '/portal/me';
    await page.route(isDescription, (route) => route.fulfill({ status: 503, json: {} }));
    await page.goto(await openLink('globex'));
    await heading('The server isn’t responding').waitFor();
    await page.unroute(isDescription);
    await button('Try again').click();
    await button('Stay in acme').click();
    await page.getByText('Account acme').waitFor();
  }, 60_000);

  test('shows the keys of the new owner after another tab has switched', async () => {
    const first = page;
    await first.goto(await openLink());
    await heading('API keys').waitFor();
    page = await newPage();
    await page.goto(await openLink('globex'));
    await button('Continue with the other account').click();
    await page.getByText('Account globex').waitFor();
    await first.evaluate(() => dispatchEvent(new Event('focus')));
    await first.getByText('Account globex').waitFor();
  }, 60_000);

  test('shows that the session has ended while the page is open', async () => {
    await page.goto(await openLink());
    await heading('API keys').waitFor();
    await context.clearCookies();
    await page.evaluate(() => document.querySelector<HTMLElement & { reload(): void }>('latchkey-keys')?.reload());
    await heading('Your session has ended').waitFor();
  }, 60_000);

  test.each(['light', 'dark'] as const)(
    'is accessible and fits on 320 px in the %s theme, in German',
    async (theme) => {
      await context.close();
      context = await browser.newContext({
        locale: 'de-DE',
        colorScheme: theme,
        reducedMotion: 'reduce',
        viewport: { width: 320, height: 640 },
      });
      page = await newPage();
      await page.goto(await openLink());
      await button('Abmelden').waitFor();
      await heading('API-Schlüssel').waitFor();
      await expect(axeFindings(page)).resolves.toEqual([]);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(320);
      expect(problems).toEqual([]);
    },
    60_000,
  );
});
