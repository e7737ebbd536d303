// Measures the console's page with 10,000 keys in the machine's Chromium: `npm run bench:console`.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { startSampleConsole } from '../../integration/console/sampleConsole.ts';

const KEYS = 10_000;
const RUNS = 9;
const TYPED = 'acme build';

/** Milliseconds. */
interface Run {
  readonly firstPaint: number;
  readonly firstRows: number;
  readonly allKeys: number;
  /** The slowest keystroke: the duration of its handlers, and the delay until the browser painted the next frame. */
  readonly keystrokeScript: number;
  readonly keystrokeFrame: number;
}

/** Runs before the page's own scripts. Records when the first rows and when all keys are in the document. */
const WATCH = `
  globalThis.seen = {};
  new MutationObserver(() => {
    if (seen.rows === undefined && document.querySelector('.rows .row')) seen.rows = performance.now();
    const count = document.querySelector('.count [role=status]');
    if (seen.all === undefined && count !== null && count.textContent === '10,000 keys') seen.all = performance.now();
  }).observe(document, { subtree: true, childList: true, characterData: true });`;

/** Types each letter, and measures the delay until its handlers are done and until the next frame is painted. */
const TYPE = `(async (text) => {
  const search = document.querySelector('input[type=search]');
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const times = [];
  for (let length = 1; length <= text.length; length++) {
    await frame();
    const from = performance.now();
    search.value = text.slice(0, length);
    search.dispatchEvent(new InputEvent('input', { bubbles: true }));
    // Preact renders in a microtask.
    await Promise.resolve().then(() => {}).then(() => {});
    const script = performance.now() - from;
    await frame();
    times.push([script, performance.now() - from]);
  }
  return times;
})(${JSON.stringify(TYPED)})`;

async function measure(context: BrowserContext, url: string): Promise<Run> {
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  await page.goto(url);
  // Playwright's own waiting uses eval, which the page's policy forbids.
  while ((await page.evaluate('seen.all === undefined')) === true) await sleep(20);
  const firstPaint = await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`);
  const { rows, all } = JSON.parse(String(await page.evaluate('JSON.stringify(seen)')));
  const times: readonly [number, number][] = JSON.parse(JSON.stringify(await page.evaluate(TYPE)));
  if ((await page.locator('.rows .row').count()) === 0) throw new Error('the search found no keys');
  await page.close();
  const slowest = (at: 0 | 1) => Math.max(...times.map((time) => time[at]));
  return {
    firstPaint: Number(firstPaint),
    firstRows: rows,
    allKeys: all,
    keystrokeScript: slowest(0),
    keystrokeFrame: slowest(1),
  };
}

const sample = await startSampleConsole(KEYS);
const browser = await launchBrowser();
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const [name = '', value = ''] = (await sample.open()).split('=');
  await context.addCookies([{ name, value, url: sample.url.origin }]);
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measure(context, sample.url.origin));
  for (const field of ['firstPaint', 'firstRows', 'allKeys', 'keystrokeScript', 'keystrokeFrame'] as const) {
    const sorted = runs.map((run) => run[field]).toSorted((a, b) => a - b);
    const [least, median, most] = [sorted[0], sorted[Math.floor(RUNS / 2)], sorted.at(-1)].map((ms = 0) =>
      ms.toFixed(1),
    );
    process.stdout.write(`${field}: median ${median} ms (${least} to ${most}), ${RUNS} runs\n`);
  }
} finally {
  await browser.close();
  await sample.end();
}
