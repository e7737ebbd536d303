// Makes the screenshots of docs/console.md: `npm run docs:screenshots`.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { startSampleConsole } from '../../integration/console/sampleConsole.ts';

const DIRECTORY = fileURLToPath(new URL('../../../docs/console/', import.meta.url));
const SIZE = { width: 1280, height: 860 };

/** Each function prepares the page for a screenshot. */
const PICTURES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  list: async (page) => {
    await page
      .getByRole('row', { name: /mobile app/ })
      .first()
      .click();
    await page.getByRole('complementary').waitFor();
    await page.mouse.move(0, 0);
  },
  create: async (page) => {
    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Label').fill('build server');
    await dialog.getByLabel('Owner').fill('acme');
    await dialog.getByLabel('Access').selectOption('limited');
    await dialog.getByLabel('Scopes').fill('orders:read orders:write');
    await dialog.getByLabel('Expires').selectOption('90');
  },
  overview: async (page) => {
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'Newest' }).waitFor();
  },
};

mkdirSync(DIRECTORY, { recursive: true });
const sample = await startSampleConsole(240);
const browser = await launchBrowser();
try {
  const [name = '', value = ''] = (await sample.open()).split('=');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [picture, prepare] of Object.entries(PICTURES)) {
      const context = await browser.newContext({ viewport: SIZE, colorScheme, reducedMotion: 'reduce' });
      await context.addCookies([{ name, value, url: sample.url.origin }]);
      const page = await context.newPage();
      await page.goto(sample.url.origin);
      await page.getByText('240 keys').waitFor();
      await prepare(page);
      await page.screenshot({ path: `${DIRECTORY}${picture}-${colorScheme}.png` });
      await context.close();
    }
  }
} finally {
  await browser.close();
  await sample.end();
}
