import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { serialiseRecord } from '../../../keys/record.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { ConsoleUnderTest } from '../../integration/console/consoleUnderTest.ts';
import { sampleKeys } from '../../integration/console/sampleKeys.ts';
import { launchBrowser } from '../../support/browser.ts';
import { axeFindings } from './axeFindings.ts';
import { openPage } from './openPage.ts';

jest.setTimeout(60_000);

const API = /\/api\//;

let browser: Browser;
let database: LocalDynamoDb;
beforeAll(async () => {
  browser = await launchBrowser();
  database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
});
afterAll(async () => {
  await browser.close();
  await database.stop();
});

/** Returns a browser with the session of a console. */
async function openContext(console: ConsoleUnderTest): Promise<BrowserContext> {
  const context = await browser.newContext();
  const [name = '', value = ''] = (await console.open()).split('=');
  await context.addCookies([{ name, value, url: console.url.origin, httpOnly: true, sameSite: 'Strict' }]);
  return context;
}

describe('the list of 200 keys', () => {
  let console: ConsoleUnderTest;
  let context: BrowserContext;
  let page: Page;
  let problems: readonly string[];
  beforeAll(async () => {
    console = await ConsoleUnderTest.start(database, { now: Date.now });
    for (const record of sampleKeys(200, Date.now())) await console.put(serialiseRecord(record));
    context = await openContext(console);
  });
  beforeEach(async () => {
    ({ page, problems } = await openPage(context, console.url.origin));
    await page.getByText(/20\d keys$/).waitFor();
  });
  afterEach(async () => {
    expect(problems).toEqual([]);
    await page.close();
  });
  afterAll(async () => {
    await context.close();
    await console.stop();
  });

  const count = () => page.locator('.count [role=status]').textContent();
  const filterBy = async (label: string, value: string) => {
    await page.getByRole('button', { name: /^Filter/ }).click();
    await page.getByRole('group', { name: 'Filter' }).getByLabel(label).selectOption(value);
    await page.keyboard.press('Escape');
  };
  const inAddress = async (text: string) => {
    await page.waitForURL((url) => url.hash.includes(text));
  };

  test('keeps the filter and the sort order after a reload, after Back and in a copied address', async () => {
    await filterBy('State', 'revoked');
    await page.getByRole('button', { name: /^Sort/ }).click();
    await page.getByRole('menuitemradio', { name: 'Oldest first' }).click();
    await page.getByRole('searchbox').fill('mobile');
    await inAddress('q=mobile');
    const filtered = await count();
    const address = page.url();
    expect(filtered).toMatch(/^\d of 20\d keys$/);
    await page.getByRole('row').nth(1).click();
    await page.getByRole('complementary').waitFor();
    await page.goBack();
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    expect([page.url(), await count()]).toEqual([address, filtered]);
    await page.reload();
    await page.getByText(/of 20\d keys$/).waitFor();
    expect(await count()).toBe(filtered);
    expect(await page.getByRole('button', { name: /^Sort/ }).textContent()).toContain('Oldest first');
    const other = await openPage(context, address);
    await other.page.getByText(filtered ?? 'none', { exact: true }).waitFor();
    await other.page.close();
  });

  test('removes one condition with its chip, and all of them with Clear filters', async () => {
    await filterBy('State', 'revoked');
    await filterBy('Scope', 'orders:read');
    const both = await count();
    await page.getByRole('button', { name: 'Remove the filter Scope: orders:read' }).click();
    expect(await count()).not.toBe(both);
    expect(new URL(page.url()).hash).toBe('#/keys?state=revoked');
    await page.getByRole('searchbox').fill('no such key');
    await page.getByRole('heading', { name: 'No keys match “no such key” and Revoked' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.locator('.nothing').getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText(/^20\d keys$/).waitFor();
    expect(new URL(page.url()).hash).toBe('#/keys');
  });

  test('finds a pasted key without showing it in the address', async () => {
    const { secret } = await console.putKey({ label: 'pasted' });
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('searchbox').fill(secret);
    await page.getByText(/^1 of/).waitFor();
    await inAddress('q=sk_');
    await page.getByRole('row', { name: /pasted/ }).click();
    await page.getByRole('complementary').waitFor();
    expect(page.url()).not.toContain(secret.slice(0, 12));
    expect(await page.getByRole('searchbox').inputValue()).toBe(secret);
  });

  test('does not move if a key is opened', async () => {
    const places = () =>
      page.evaluate(`JSON.stringify([...document.querySelectorAll('.toolbar *, .row > *')]
      .map((element) => Object.values(element.getBoundingClientRect().toJSON())))`);
    const before = await places();
    await page.getByRole('row').nth(3).click();
    await page.getByRole('complementary').waitFor();
    expect(await places()).toBe(before);
  });

  test('disables several keys, undoes it, and revokes them after a confirmation', async () => {
    for (const name of ['a', 'b', 'c'])
      await console.putKey({ label: `together ${name}`, lastUsedAt: toTimestamp(Date.now()) });
    await page.goto(`${console.url.origin}/#/keys?q=together&sort=label`);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText(/^3 of/).waitFor();
    await page.getByRole('checkbox', { name: 'Select together a' }).check();
    await page.getByRole('checkbox', { name: 'Select together c' }).click({ modifiers: ['Shift'] });
    const bar = page.getByRole('group', { name: 'Actions on the selected keys' });
    await bar.getByText('3 keys selected').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await bar.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('3 keys disabled.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('3 keys enabled.').waitFor();
    const together = async () => (await console.records()).filter(({ label }) => label.startsWith('together'));
    expect((await together()).map(({ disabledAt }) => disabledAt)).toEqual([undefined, undefined, undefined]);
    await bar.getByRole('button', { name: 'Revoke' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke 3 keys?' });
    await dialog.getByRole('button', { name: 'Revoke 3 keys' }).click();
    await dialog.getByText('expected 3').waitFor();
    expect((await together()).some(({ revokedAt }) => revokedAt !== undefined)).toBe(false);
    await dialog.getByLabel('Type 3 to confirm').fill('3');
    await dialog.getByLabel('Reason').fill('no longer needed');
    await dialog.getByRole('button', { name: 'Revoke 3 keys' }).click();
    await page.getByText('3 keys revoked.').waitFor();
    expect((await together()).map(({ revokedReason }) => revokedReason)).toEqual(
      Array.from({ length: 3 }, () => 'no longer needed'),
    );
  });

  test('exports only the selected keys', async () => {
    await page.getByRole('grid').focus();
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press(' ');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const rows = parse<{ label: string }>(readFileSync(await (await saved).path(), 'utf8'), { columns: true });
    expect(rows).toHaveLength(2);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('group', { name: 'Actions on the selected keys' }).count()).toBe(0);
  });

  test('says that the key of the address is not in the table', async () => {
    await page.goto(`${console.url.origin}/#/keys/0d3c3fd5-none`);
    const panel = page.getByRole('complementary', { name: 'Unknown key' });
    await panel.getByText('0d3c3fd5-none').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await panel.getByRole('button', { name: 'Show all keys' }).click();
    await panel.waitFor({ state: 'detached' });
  });

  test.each(['../session', '<img src=x onerror=alert(1)>', 'a'.repeat(40_000)])(
    'says that the table has no key %.30s, without a request for it',
    async (id) => {
      const requested: string[] = [];
      page.on('request', (request) => requested.push(request.url()));
      await page.goto(`${console.url.origin}/#/keys/${encodeURIComponent(id)}`);
      const panel = page.getByRole('complementary', { name: 'Unknown key' });
      await panel.getByText(id.slice(0, 80)).waitFor();
      expect(requested.filter((url) => url.includes('/api/keys/'))).toEqual([]);
      expect(await page.getByText('Disconnected.').count()).toBe(0);
    },
  );

  test('shows the button that clears a very long search', async () => {
    await page.goto(`${console.url.origin}/#/keys?q=${'a'.repeat(10_000)}`);
    await page.locator('.nothing').getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText(/^20\d keys$/).waitFor();
  });

  test('keeps the dialog and the reason if none of the selected keys can be revoked', async () => {
    await page.getByRole('checkbox', { name: 'Select all listed keys' }).check();
    const bar = page.getByRole('group', { name: 'Actions on the selected keys' });
    await page.route(/\/revoke$/, (route) =>
      route.fulfill({ status: 400, json: { code: 'INPUT_INVALID', detail: 'reason: expected a text' } }),
    );
    await bar.getByRole('button', { name: /^Revoke/ }).click();
    const dialog = page.getByRole('dialog');
    const reason = dialog.getByLabel('Reason', { exact: true });
    await reason.fill('lost');
    const confirmation = dialog.getByLabel(/^Type \d+ to confirm/);
    const label = (await dialog.getByText(/^Type \d+ to confirm/).textContent()) ?? '';
    await confirmation.fill(label.replaceAll(/\D/g, ''));
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await dialog.getByText('Expected a text.').waitFor();
    expect(await reason.inputValue()).toBe('lost');
    expect(await reason.evaluate('document.activeElement.value')).toBe('lost');
  });

  test('opens its menus with the keyboard, and closes them with Escape', async () => {
    await page.getByRole('button', { name: /^Sort/ }).press('Enter');
    await page.keyboard.press('ArrowDown');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Sort.*Oldest first/ }).waitFor();
    await page.getByRole('button', { name: /^Filter/ }).press('Enter');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('group', { name: 'Filter' }).count()).toBe(0);
    expect(await page.evaluate('document.activeElement.textContent')).toMatch(/^Filter/);
  });

  test('shows the keys behind each number of the overview', async () => {
    await page.getByRole('link', { name: 'Overview' }).click();
    for (const name of [/^Active keys/, /^Never used/, /^Expired/, /^Today/]) {
      const link = page.locator('.overview').getByRole('link', { name });
      const shown = (await link.locator('strong').textContent()) ?? '';
      await link.click();
      await page.getByText(new RegExp(`^${shown} of 20\\d keys$`)).waitFor();
      await page.goBack();
      await link.waitFor();
    }
    expect(await axeFindings(page)).toEqual([]);
  });

  test('heals itself after a lost connection, and makes no changes until then', async () => {
    await page.route(API, (route) => route.abort());
    await page.getByRole('button', { name: 'Reload' }).click();
    const strip = page.getByText(/Changes are off until the console responds again/);
    await strip.waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('n');
    await page.getByText('The console is disconnected, so changes are off.').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.unroute(API);
    await strip.waitFor({ state: 'detached' });
    await page.getByText('Connected again.').waitFor();
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'New key' }).waitFor();
  });
});

test('the page shows the command that starts the console again after its server was restarted', async () => {
  const console = await ConsoleUnderTest.start(database);
  const context = await openContext(console);
  const { page } = await openPage(context, console.url.origin);
  await console.stop();
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByText('Disconnected.').waitFor();
  const again = await ConsoleUnderTest.start(database, { port: Number(console.url.port) });
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('The console’s session has ended.').waitFor();
  await page.getByText('latchkey console --local').waitFor();
  expect(await page.getByRole('button', { name: 'New key' }).first().getAttribute('aria-disabled')).toBe('true');
  expect(await axeFindings(page)).toEqual([]);
  await context.close();
  await again.stop();
});

test('the page of an empty table shows how to create and send the first key', async () => {
  const console = await ConsoleUnderTest.start(database);
  const context = await openContext(console);
  const { page, problems } = await openPage(context, console.url.origin);
  await page.getByRole('heading', { name: 'This table has no keys yet' }).waitFor();
  await page.getByText(/curl .*Authorization: Bearer/).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.locator('.nothing').getByRole('button', { name: 'New key' }).click();
  await page.getByRole('dialog', { name: 'New key' }).waitFor();
  expect(problems).toEqual([]);
  await context.close();
  await console.stop();
});

test('the page shows a skeleton until the first keys arrive', async () => {
  const console = await ConsoleUnderTest.start(database);
  await console.putKey({ label: 'slow' });
  const context = await openContext(console);
  let release = () => {};
  const { page } = await openPage(context, console.url.origin, (page) =>
    page.route(/\/api\/keys$/, async (route) => {
      await new Promise<void>((resolve) => (release = resolve));
      await route.continue();
    }),
  );
  await page.locator('.skeleton').first().waitFor();
  release();
  await page.getByRole('row', { name: /slow/ }).waitFor();
  expect(await page.locator('.skeleton').count()).toBe(0);
  await context.close();
  await console.stop();
});
