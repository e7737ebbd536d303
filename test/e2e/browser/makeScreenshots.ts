// Makes the screenshots of docs/console.md and docs/portal.md in several widths and both themes: `npm run
// docs:screenshots`. Pass a directory to make all pictures of the console there, and their names or widths to make only
// some. Pass `portal` to make only those of docs/portal.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { publicRecord } from '../../../keys/record.ts';
import { keyState } from '../../../keys/state.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';
import { launchBrowser } from '../../support/browser.ts';
import { startSampleConsole } from '../../integration/console/sampleConsole.ts';
import { sampleKeys } from '../../integration/console/sampleKeys.ts';
import { sampleUsage } from '../../integration/console/sampleUsage.ts';
import { makeKey } from '../../support/keys.ts';
import { toPalettePng } from './palettePng.ts';
import { makePortalPictures } from './portalPictures.ts';

const DOCS = fileURLToPath(new URL('../../../docs/console/', import.meta.url));
const PORTAL_DOCS = fileURLToPath(new URL('../../../docs/portal/', import.meta.url));
const WIDTHS = [375, 1024, 1440, 1920];
const HEIGHTS: Readonly<Record<number, number>> = { 375: 812, 1024: 768, 1440: 900, 1920: 1080 };
/** The pictures in the documentation. The others only help to look at the page. */
const IN_DOCS = new Set(['overview', 'list', 'panel', 'create', 'secret', 'rotate', 'revoke', 'empty', 'disconnected']);

/** Each function prepares the page for a screenshot. The page shows the list at first. */
const PICTURES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  overview: async (page) => {
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'Newest' }).waitFor();
  },
  list: async (page) => {
    await page.mouse.move(0, 0);
  },
  panel: openPlanned,
  create: async (page) => {
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Label').fill('build server');
    await dialog.getByLabel('Owner').fill('acme');
  },
  secret: async (page) => {
    await PICTURES['create']?.(page);
    await answerNewKey(page);
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('dialog', { name: /Save your key/ }).waitFor();
  },
  rotate: async (page) => {
    await openPlanned(page);
    await page.getByRole('button', { name: 'Rotate', exact: true }).click();
    await page.getByRole('dialog').waitFor();
  },
  revoke: async (page) => {
    await openPlanned(page);
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByRole('dialog').waitFor();
  },
  selected: async (page) => {
    for (const nth of [1, 2, 3]) await page.getByRole('row').nth(nth).getByRole('checkbox').check();
  },
  filtered: async (page) => {
    await page.goto(`${new URL(page.url()).origin}/#/keys?q=app&state=active&attention=unused`);
    await page.getByRole('button', { name: /^Filter/ }).click();
  },
  'no-match': async (page) => {
    await page.getByRole('searchbox').fill('no such key');
    await page.getByRole('heading', { name: /No keys match/ }).waitFor();
  },
  palette: async (page) => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('mobile');
  },
  shortcuts: async (page) => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  },
  toast: async (page) => {
    await openPlanned(page);
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
  },
  unknown: async (page) => {
    await page.goto(`${new URL(page.url()).origin}/#/keys/0123abcd`);
    await page.getByRole('complementary', { name: 'Unknown key' }).waitFor();
  },
  disconnected: async (page) => {
    await page.route(/\/api\//, (route) => route.abort());
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText('Disconnected.').waitFor();
  },
  ended: async (page) => {
    const problem = { code: 'SESSION_REQUIRED', detail: 'open the address that the console printed' };
    await page.route(/\/api\//, (route) => route.fulfill({ status: 401, json: problem }));
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText('The console’s session has ended.').waitFor();
  },
};

/** Pictures of a console without keys, and of one whose first keys are still loading. */
const OTHER: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  empty: async (page) => {
    await page.getByRole('heading', { name: /no keys yet/ }).waitFor();
  },
  loading: async () => {},
};

async function openPlanned(page: Page): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#/keys/${PLANNED_ID}`);
  await page
    .getByRole('complementary')
    .getByText(/ left today$/)
    .waitFor();
  await page.mouse.move(0, 0);
}

/** Responds to the new key without storing it, so that the other pictures don't show it. */
async function answerNewKey(page: Page): Promise<void> {
  const { secret, record: stored } = makeKey({
    id: '0d3c3fd5-2d4e-4b1e-9c62-5f7f3f0b7a11',
    label: 'build server',
    owner: 'acme',
    createdAt: toTimestamp(Date.now()),
    createdBy: 'alice',
  });
  const record = publicRecord(stored);
  await page.route(/\/api\/keys$/, (route) => route.fulfill({ status: 201, json: { key: secret, record } }));
  await page.route(`**/api/keys/${record.id}`, (route) => route.fulfill({ json: { record } }));
}

interface Shot {
  readonly picture: string;
  readonly width: number;
  readonly colorScheme: 'light' | 'dark';
  readonly target: string;
}

type SampleConsole = Awaited<ReturnType<typeof startSampleConsole>>;

const SAMPLE_KEYS = 240;
const SAMPLE = sampleKeys(SAMPLE_KEYS, Date.now());
/** The ids of some of the sample keys. */
const BUSY_IDS = SAMPLE.slice(0, 12).map(({ id }) => id);
/** The id of an active key whose plan the authorizer enforces. */
const PLANNED_ID = SAMPLE.find((key) => key.plan === 'free' && keyState(key, Date.now()) === 'active')?.id;

const [directory, ...words] = process.argv.slice(2);
const all = Object.keys({ ...PICTURES, ...OTHER }).flatMap((picture) =>
  WIDTHS.map((width) => [picture, width] as const),
);
const wanted = all.filter(([picture, width]) =>
  directory === undefined
    ? IN_DOCS.has(picture)
    : words.length === 0 || words.includes(picture) || words.includes(String(width)),
);
const browser = await launchBrowser();
try {
  if (directory === undefined || directory === 'portal') await makePortalPictures(browser, PORTAL_DOCS);
  if (directory !== 'portal') await makeConsolePictures(directory ?? DOCS);
} finally {
  await browser.close();
}

async function makeConsolePictures(target: string): Promise<void> {
  mkdirSync(target, { recursive: true });
  const sample = await startSampleConsole(SAMPLE_KEYS);
  try {
    const cookie = await sample.open();
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [picture, width] of wanted) await shoot(sample, cookie, { picture, width, colorScheme, target });
    }
  } finally {
    await sample.end();
  }
}

async function shoot(
  sample: SampleConsole,
  cookie: string,
  { picture, width, colorScheme, target }: Shot,
): Promise<void> {
  const viewport = { width, height: HEIGHTS[width] ?? 900 };
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url: sample.url.origin }]);
  const page = await openConsole(context, sample.url.origin, picture);
  await (PICTURES[picture] ?? OTHER[picture])?.(page);
  await page.mouse.move(0, 0);
  writeFileSync(join(target, `${picture}-${width}-${colorScheme}.png`), toPalettePng(await page.screenshot()));
  await context.close();
}

/** Opens the console as that of a deployed table. */
async function openConsole(context: BrowserContext, origin: string, picture: string): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.route('**/api/session', async (route) => {
    const response = await route.fetch();
    const session = await response.json();
    const table = {
      ...session.table,
      title: 'orders-api',
      kind: 'aws',
      region: 'eu-west-1',
      account: '111122223333',
      apiUrl: 'https://api.example.com/orders',
      revocationDelaySeconds: 60,
      hasUsage: true,
    };
    await route.fulfill({ json: { ...session, table, command: 'latchkey console --stack orders-api' } });
  });
  await page.route(/\/usage\?by=/, async (route) => {
    const { pathname, searchParams } = new URL(route.request().url());
    const [, id] = /\/keys\/([^/]+)\/usage$/.exec(pathname) ?? [];
    const by = searchParams.get('by') === 'day' ? 'day' : 'hour';
    await route.fulfill({ json: await sampleUsage({ id, by }, BUSY_IDS, Date.now()) });
  });
  if (picture === 'empty')
    await page.route(/\/api\/keys$/, (route) => route.fulfill({ json: { records: [], corrupt: [], cursor: null } }));
  if (picture === 'loading') await page.route(/\/api\/keys$/, () => {});
  await page.goto(origin);
  if (PICTURES[picture] !== undefined) await page.getByText(/24\d keys$/).waitFor();
  else await page.locator('.skeleton, .nothing').first().waitFor();
  return page;
}
