import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { toTimestamp } from '../../../keys/timestamp.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { launchBrowser } from '../../support/browser.ts';
import { ConsoleUnderTest } from '../../integration/console/consoleUnderTest.ts';
import { openPage } from './openPage.ts';

jest.setTimeout(60_000);

const LIST = /\/api\/keys(\?|$)/;
const ONE_KEY = /\/api\/keys\/[\w-]+$/;
const UNAVAILABLE = { code: 'STORE_UNAVAILABLE', detail: 'the credentials have expired' };

let browser: Browser;
let database: LocalDynamoDb;
let console: ConsoleUnderTest;
let context: BrowserContext;
beforeAll(async () => {
  browser = await launchBrowser();
  database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  console = await ConsoleUnderTest.start(database, { now: Date.now });
  context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const [name = '', value = ''] = (await console.open()).split('=');
  await context.addCookies([{ name, value, url: console.url.origin, httpOnly: true, sameSite: 'Strict' }]);
});
afterAll(async () => {
  await browser.close();
  await console.stop();
  await database.stop();
});
afterEach(async () => {
  for (const page of context.pages()) await page.close();
});

/** Opens the page, with the panel of a key if an id is given. */
async function open(id?: string, before?: (page: Page) => Promise<unknown>): Promise<Page> {
  const { page } = await openPage(context, `${console.url.origin}/${id === undefined ? '' : `#/keys/${id}`}`, before);
  return page;
}

function getPanel(page: Page) {
  return page.getByRole('complementary');
}

/** Delays the server's response. */
function after(ms: number) {
  return async (route: Route) => {
    const response = await route.fetch();
    await sleep(ms);
    await route.fulfill({ response });
  };
}

/** Handles only GET requests, because new keys are posted to the same path. */
function reads(answer: (route: Route) => Promise<void>) {
  return (route: Route) => (route.request().method() === 'GET' ? answer(route) : route.continue());
}

test('the dialog of a new key cannot be closed by accident', async () => {
  const page = await open();
  await page.getByText(/\d keys?$/).waitFor();
  await page.route(LIST, (route) => after(4000)(route));
  await page.keyboard.press('n');
  await page.keyboard.type('slow');
  await page.keyboard.press('Enter');
  for (let times = 0; times < 3; times++) await page.keyboard.press('Escape');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click({ force: true });
  expect(await page.getByRole('dialog', { name: 'New key' }).count()).toBe(1);
  await page.getByRole('dialog', { name: 'Save your key: slow' }).waitFor();

  const confirmation = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  expect((await confirmation).type()).toBe('beforeunload');
  await (await confirmation).dismiss();
  await page.getByRole('button', { name: 'Copy key' }).click();
  await page.getByText('Copied.').waitFor();
  const gone = page.waitForEvent('close');
  await page.close({ runBeforeUnload: true });
  await gone;
});

test.each<[string, (page: Page) => Promise<void>]>([
  ['Esc is held down', (page) => hold(page, 'Escape')],
  ['Close is double-clicked', (page) => page.locator('dialog footer').getByText('Close').dblclick()],
  ['the cross is double-clicked', (page) => page.locator('dialog header').getByRole('button').dblclick()],
])('an uncopied key is not lost if %s', async (_, close) => {
  const page = await open();
  await page.getByText(/\d keys?$/).waitFor();
  await page.keyboard.press('n');
  await page.keyboard.type('kept');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Save your key: kept' });
  await dialog.waitFor();
  await close(page);
  await page.getByText(/You haven't copied the key/).waitFor();
  expect(await dialog.count()).toBe(1);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.textContent')).toBe('kept');
});

describe('the page of the console', () => {
  test.each<[string, (page: Page) => Promise<void>]>([
    ['Enter is pressed twice at once', (page) => enterTwice(page, 0)],
    ['Enter is pressed twice', (page) => enterTwice(page, 250)],
    ['Enter is held down', (page) => hold(page, 'Enter')],
  ])('disables a key only once if %s', async (_, press) => {
    const { record } = await console.putKey({ label: 'twice' });
    const page = await open(record.id);
    const changes: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && changes.push(request.url()));
    await getPanel(page).getByRole('button', { name: 'Disable' }).focus();
    await press(page);
    await page.getByText(/^twice is disabled/).waitFor();
    await sleep(300);
    expect(changes).toEqual([`${console.url.origin}/api/keys/${record.id}/disable`]);
    expect(await console.record(record.id)).toHaveProperty('disabledAt');
    expect(await getPanel(page).getByRole('button', { name: 'Enable' }).count()).toBe(1);
  });

  // A rotated key doesn't have a Rotate button. Its Enable button then appears in Disable's place; otherwise Revoke does.
  test.each([undefined, 'a successor'])(
    'disables a key only once on a slow double click if rotatedTo is %p',
    async (rotatedTo) => {
      const disabledAt = toTimestamp(Date.now());
      const { record } = await console.putKey({ label: 'clicked', disabledAt, ...(rotatedTo && { rotatedTo }) });
      const page = await open(record.id);
      await page.setViewportSize({ width: 2400, height: 800 });
      const button = (name: string) => getPanel(page).getByRole('button', { name });
      await button('Enable').click();
      // The notice above the panel is now visible, so the buttons no longer move.
      await page.getByText(/^clicked is enabled/).waitFor();
      await sleep(600);
      const { x = 0, y = 0 } = (await button('Disable').boundingBox()) ?? {};
      await page.mouse.click(x + 10, y + 10);
      await button('Enable').waitFor();
      await page.mouse.down({ clickCount: 2 });
      await page.mouse.up({ clickCount: 2 });
      await sleep(300);
      expect(await console.record(record.id)).toHaveProperty('disabledAt');
      expect(await page.getByRole('dialog').count()).toBe(0);
    },
  );

  test('opens the Revoke dialog without confirming it if Enter stays pressed', async () => {
    const { record } = await console.putKey({ label: 'held' });
    const page = await open(record.id);
    await getPanel(page).getByRole('button', { name: 'Revoke' }).focus();
    await hold(page, 'Enter');
    await page.getByRole('dialog', { name: 'Revoke held?' }).waitFor();
    await sleep(300);
    expect(await console.record(record.id)).not.toHaveProperty('revokedAt');
  });

  test('reloads the list once if r stays pressed', async () => {
    const { page, requests } = await openPage(context, console.url.origin);
    await page.getByText(/\d keys?$/).waitFor();
    const lists = () => requests.filter((url) => LIST.test(url)).length;
    const before = lists();
    await hold(page, 'r');
    await sleep(300);
    expect(lists()).toBe(before + 1);
  });
});

async function enterTwice(page: Page, gapMs: number): Promise<void> {
  await page.keyboard.press('Enter');
  await sleep(gapMs);
  await page.keyboard.press('Enter');
}

/** Sends the repeated events of a key that stays pressed. */
async function hold(page: Page, key: string): Promise<void> {
  for (let times = 0; times < 15; times++) {
    await page.keyboard.down(key);
    await sleep(20);
  }
  await page.keyboard.up(key);
}

describe('the list of keys', () => {
  test('keeps a key that was issued during the load', async () => {
    const page = await open(undefined, (page) => page.route(LIST, reads(after(1500))));
    await page.keyboard.press('n');
    await page.keyboard.type('meanwhile');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copy key' }).click();
    await page.getByText('Copied.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(/\d keys?$/).waitFor();
    await page.getByRole('row', { name: /meanwhile/ }).waitFor();
    expect(await getPanel(page).count()).toBe(1);
  });

  test('keeps a key that was issued just before the load', async () => {
    const page = await open();
    await page.getByText(/\d keys?$/).waitFor();
    const old = JSON.stringify((await console.api('GET', '/api/keys')).body);
    await page.keyboard.press('n');
    await page.keyboard.type('issued before');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copy key' }).click();
    await page.getByText('Copied.').waitFor();
    await page.keyboard.press('Escape');
    await page.route(LIST, (route) => route.fulfill({ contentType: 'application/json', body: old }));
    const read = page.waitForResponse(LIST);
    await page.keyboard.press('r');
    await read;
    await page.getByText(/\d keys?$/).waitFor();
    await sleep(300);
    expect(await page.getByRole('row', { name: /issued before/ }).count()).toBe(1);
  });

  test('shows a revocation that was made during the load', async () => {
    const { record } = await console.putKey({ label: 'stale' });
    const page = await open(record.id);
    await page.route(LIST, reads(after(1500)));
    await page.getByRole('button', { name: 'Reload' }).click();
    await getPanel(page).getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await page.getByText(/^stale is revoked/).waitFor();
    await page.getByRole('button', { name: 'Reload', exact: true }).waitFor();
    expect(await page.getByRole('row', { name: /stale/ }).locator('.state').textContent()).toBe('revoked');
  });
});

describe('the panel of a key', () => {
  test('shows the error of a failed read until the next read succeeds', async () => {
    const { record } = await console.putKey({ label: 'unread' });
    const page = await open(record.id, (page) =>
      page.route(ONE_KEY, (route) => route.fulfill({ status: 503, json: UNAVAILABLE })),
    );
    const warning = page.getByText(/^Couldn't refresh this key \(last read just now\): the credentials have expired$/);
    await warning.waitFor();
    await page.unroute(ONE_KEY);
    await warning.waitFor({ state: 'detached' });
  });

  test('closes if the key is no longer in the table', async () => {
    const { record } = await console.putKey({ label: 'purged' });
    const problem = { code: 'NOT_FOUND', detail: 'there is no such key' };
    const page = await open(record.id, (page) =>
      page.route(ONE_KEY, (route) => route.fulfill({ status: 404, json: problem })),
    );
    await page.getByText('purged is no longer in the table.').waitFor();
    expect(await getPanel(page).count()).toBe(0);
    expect(await page.getByRole('row', { name: /purged/ }).count()).toBe(0);
  });

  test('keeps the typed text if the latest version cannot be loaded', async () => {
    const { record } = await console.putKey({ label: 'contended', owner: 'acme' });
    const page = await open(record.id);
    await getPanel(page).getByRole('button', { name: 'Edit' }).click();
    await console.api('PATCH', `/api/keys/${record.id}`, { owner: 'globex' }, { 'if-match': '"0"' });
    await page.getByRole('dialog').getByText('More').click();
    const [owner, plan] = ['Owner', 'Plan'].map((label) => page.getByRole('dialog').getByLabel(label));
    await owner?.fill('initech');
    const save = page.getByRole('button', { name: 'Save', exact: true });
    const see = page.getByRole('button', { name: 'Load the latest version and keep my edits' });
    await save.click();
    await see.waitFor();
    await page.route(ONE_KEY, (route) =>
      route.request().method() === 'GET' ? route.fulfill({ status: 503, json: UNAVAILABLE }) : route.continue(),
    );
    await see.click();
    await page.getByRole('dialog').getByText('the credentials have expired').waitFor();
    await page.unroute(ONE_KEY);
    await save.click();
    await see.waitFor();
    await page.route(ONE_KEY, reads(after(500)));
    await see.click();
    await plan?.fill('free');
    await page.getByText(/owner is now "globex"/).waitFor();
    expect([await owner?.inputValue(), await plan?.inputValue()]).toEqual(['initech', 'free']);
  });
});

test("a panel that opens after its key has loaded doesn't take the focus from the search", async () => {
  const { record } = await console.putKey({ label: 'late' });
  const page = await open(record.id, (page) => page.route(LIST, reads(after(1000))));
  await page.keyboard.press('/');
  await page.keyboard.type('bar');
  await getPanel(page).waitFor();
  await page.keyboard.type('n');
  expect(await page.getByRole('searchbox').inputValue()).toBe('barn');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('the single-key shortcuts stay turned off after a reload', async () => {
  const page = await open();
  const setting = page.getByRole('checkbox', { name: 'Use single-key shortcuts' });
  await page.keyboard.press('?');
  await setting.uncheck();
  await page.keyboard.press('Escape');
  await page.reload();
  await page.getByText(/\d keys?$/).waitFor();
  for (const key of ['n', '/', 'r', '?']) await page.keyboard.press(key);
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await page.evaluate('document.activeElement.type')).not.toBe('search');
  expect(await page.evaluate('JSON.stringify({ ...localStorage })')).toBe('{"latchkey-console-single-keys":"off"}');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('keyboard');
  await page.keyboard.press('Enter');
  await setting.check();
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await page.getByRole('dialog', { name: 'New key' }).waitFor();
  expect(await page.evaluate('localStorage.length')).toBe(0);
});

test('a dialog returns the focus to the button that opened it', async () => {
  const { record } = await console.putKey({ label: 'focused' });
  const page = await open(record.id);
  for (const name of ['Edit', 'Rotate', 'Revoke']) {
    await getPanel(page).getByRole('button', { name }).press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe(name);
  }
});

test('Undo enables a disabled key again', async () => {
  const { record } = await console.putKey({ label: 'regretted' });
  const page = await open(record.id);
  await getPanel(page).getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText(/^regretted is enabled/).waitFor();
  expect(await console.record(record.id)).not.toHaveProperty('disabledAt');
});

test('a notice disappears, unless the pointer is on it', async () => {
  const { record } = await console.putKey({ label: 'noticed' });
  const page = await open(record.id);
  await page.clock.install();
  await getPanel(page).getByRole('button', { name: 'Disable' }).click();
  const notice = page.getByText(/^noticed is disabled/);
  await notice.hover();
  await page.clock.runFor(20_000);
  expect(await notice.count()).toBe(1);
  await page.mouse.move(0, 0);
  await page.clock.runFor(7000);
  await notice.waitFor({ state: 'detached' });
});

test('the palette opens a key and runs an action on it', async () => {
  const { record } = await console.putKey({ label: 'from afar' });
  const page = await open();
  await page.getByText(/\d keys?$/).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('from af');
  await page.keyboard.press('Enter');
  await getPanel(page).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('disable this');
  await page.keyboard.press('Enter');
  await page.getByText(/^from afar is disabled/).waitFor();
  expect(await console.record(record.id)).toHaveProperty('disabledAt');
});

test('scopes become chips that can be removed', async () => {
  await console.putKey({ label: 'scoped', scopes: ['orders:read'] });
  const page = await open();
  await page.getByText(/\d keys?$/).waitFor();
  await page.keyboard.press('n');
  await page.keyboard.type('limited');
  await page.getByRole('radio', { name: 'Only some scopes' }).check();
  await page.getByRole('button', { name: 'orders:read' }).click();
  await page.getByLabel('Scopes', { exact: true }).pressSequentially('wrong a,b');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove wrong' }).click();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: 'Save your key: limited' }).waitFor();
  const { scopes } = (await console.records()).find(({ label }) => label === 'limited') ?? {};
  expect(scopes).toEqual(['orders:read', 'a', 'b']);
});

test.each([
  [320, 256],
  [667, 375],
])('the user can scroll to all parts of the list at %p × %p px', async (width, height) => {
  for (let index = 0; index < 6; index++) await console.putKey({ label: `low-${height} row ${index}` });
  const page = await open();
  await page.setViewportSize({ width, height });
  await page.getByText(/\d keys?$/).waitFor();
  await page.getByRole('searchbox').fill(`low-${height}`);
  await page.getByText(/^6 (of .* )?keys$/).waitFor();
  const grid = page.getByRole('grid');
  expect((await grid.boundingBox())?.height).toBeGreaterThanOrEqual(200);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  await page.getByRole('row', { name: /row 3/ }).click();
  await getPanel(page).getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
});
