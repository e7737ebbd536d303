import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openApp, serveApp } from './elementPage.ts';
import { FakeOwnerApi } from './fakeOwnerApi.ts';
import { toPalettePng } from './palettePng.ts';

const SIZES: readonly (readonly [width: number, height: number])[] = [
  [375, 812],
  [1024, 768],
];
const DAY_MS = 86_400_000;

/** Each function prepares the page for a picture. The page shows the keys at first. */
const PICTURES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  keys: async (page) => {
    await page.getByRole('button', { name: 'Requests: build server' }).click();
    await page.locator('.chart').waitFor();
  },
  create: async (page) => {
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Label').fill('nightly export');
  },
  secret: async (page) => {
    await PICTURES['create']?.(page);
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.locator('.secret').waitFor();
  },
  rotate: async (page) => {
    await page.getByRole('button', { name: 'Rotate: build server' }).click();
    await page.getByRole('dialog').waitFor();
  },
};

/** Makes the pictures of docs/portal.md in two widths and both themes, with a made-up owner's keys. */
export async function makePortalPictures(browser: Browser, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [width, height] of SIZES) {
      for (const [name, prepare] of Object.entries(PICTURES)) {
        const context = await browser.newContext({ viewport: { width, height }, colorScheme });
        const api = new FakeOwnerApi();
        addSampleKeys(api, Date.now());
        await api.serve(context);
        await serveApp(context);
        const { page } = await openApp(context);
        await prepare(page);
        await page.mouse.move(0, 0);
        const png = toPalettePng(await page.screenshot());
        writeFileSync(join(directory, `${name}-${width}-${colorScheme}.png`), png);
        await context.close();
      }
    }
  }
}

function addSampleKeys(api: FakeOwnerApi, nowMs: number): void {
  const at = (days: number) => new Date(nowMs + days * DAY_MS).toISOString();
  api.add({ label: 'old laptop', createdAt: at(-400), revokedAt: at(-30), revokedReason: 'laptop was sold' });
  api.add({ label: 'reports', createdAt: at(-90), lastUsedAt: at(-12), disabledAt: at(-2), plan: 'pro' });
  api.add({
    label: 'web shop',
    createdAt: at(-60),
    lastUsedAt: at(-0.1),
    expiresAt: at(5),
    plan: 'pro',
    scopes: ['orders:read', 'orders:write'],
    allowedIps: ['203.0.113.0/24'],
  });
  api.add({ label: 'build server', createdAt: at(-3), lastUsedAt: at(-0.01) });
}
