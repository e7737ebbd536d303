import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { axeFindings } from './axeFindings.ts';
import { openApp, serveApp } from './elementPage.ts';
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

test('a look', async () => {
  api.add({ label: 'build server', lastUsedAt: new Date().toISOString() });
  api.add({ label: 'old', revokedAt: new Date().toISOString(), revokedReason: 'leaked' });
  await serveApp(context);
  const { page, problems } = await openApp(context);
  await page.getByText('build server').first().waitFor();
  await page.screenshot({ path: '/tmp/look1.png' });
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Requests: build server' }).click();
  await page.waitForTimeout(500);
  await page.screenshot({ path: '/tmp/look2.png', fullPage: true });
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'New key' }).click();
  await page.waitForTimeout(300);
  await page.screenshot({ path: '/tmp/look3.png' });
  await page.getByLabel('Label').fill('x');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.waitForTimeout(500);
  await page.screenshot({ path: '/tmp/look4.png' });
  expect(problems).toEqual([]);
});
