import type { BrowserContext, Page } from 'playwright-core';

/** A page of the console that is open. */
export interface OpenedPage {
  readonly page: Page;
  /** Whatever went wrong in the page. */
  readonly problems: string[];
  /** The address of every request that it made. */
  readonly requests: string[];
}

/** Opens the address, with `before` done to the page first, and waits for the list. */
export async function openPage(
  context: BrowserContext,
  url: string,
  before: (page: Page) => Promise<unknown> = async () => {},
): Promise<OpenedPage> {
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    // What the server refuses, the browser notes as well.
    if (!/Failed to load resource/.test(message.text())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await before(page);
  await page.goto(url);
  await page.getByRole('grid', { name: 'Keys' }).waitFor();
  return { page, problems, requests };
}
