import type { BrowserContext, Page } from 'playwright-core';

/** An open page of the console. */
export interface OpenedPage {
  readonly page: Page;
  /** The page's errors and console messages. */
  readonly problems: string[];
  /** The URLs of all requests that the page made. */
  readonly requests: string[];
}

/** Opens a URL after `before` has prepared the page, and waits for the list. */
export async function openPage(
  context: BrowserContext,
  url: string,
  before: (page: Page) => Promise<unknown> = async () => {},
): Promise<OpenedPage> {
  const page = await context.newPage();
  // Long, because other suites may be using the processor.
  page.setDefaultTimeout(30_000);
  // An animation would still move what a test measures.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    // The browser also logs each rejected request.
    if (!/Failed to load resource/.test(message.text())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await before(page);
  await page.goto(url);
  await page.getByRole('grid', { name: 'Keys' }).waitFor();
  return { page, problems, requests };
}
