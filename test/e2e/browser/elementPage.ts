import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The origin of the customers' application. Playwright responds to its requests, so they don't leave the process. */
export const APP = 'https://app.example';

/** Nothing but the application's own scripts and requests. */
export const STRICT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

/** A page of the customers' application. */
export interface AppPage {
  /** The content of the body. The default is the element without a token. */
  readonly body?: string;
  /** The page's module. The default imports the element. */
  readonly script?: string;
  readonly policy?: string;
  readonly lang?: string;
}

const IMPORT = "import '/latchkey-keys.js';";
const BODY = '<main><h1>Account</h1><latchkey-keys base-url="/me"></latchkey-keys></main>';

/** Serves a page of the application in a browser. */
export async function serveApp(context: BrowserContext, page: AppPage = {}): Promise<void> {
  const { body = BODY, script = IMPORT, policy, lang = 'en' } = page;
  const html =
    `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>Account</title>` +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<link rel="stylesheet" href="/app.css"><script type="module" src="/app.js"></script></head><body>${body}</body></html>`;
  const files: Readonly<Record<string, readonly [contentType: string, content: string]>> = {
    '/': ['text/html', html],
    '/app.js': ['text/javascript', script],
    '/app.css': [
      'text/css',
      ':root { color-scheme: light dark; } body { margin: 16px; background: Canvas; color: CanvasText; font-family: sans-serif; }',
    ],
    '/latchkey-keys.js': ['text/javascript', readFileSync(`${ROOT}dist/elements/latchkey-keys.js`, 'utf8')],
  };
  await context.route(`${APP}/**`, async (route) => {
    const file = files[new URL(route.request().url()).pathname];
    if (file === undefined) return route.fallback();
    const [contentType, content] = file;
    const headers = policy === undefined ? {} : { 'content-security-policy': policy };
    return route.fulfill({ contentType: `${contentType}; charset=utf-8`, body: content, headers });
  });
}

/** Returns the bundled module of test/e2e/browser/react/main.tsx, an application with React. */
export async function bundleReactApp(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/e2e/browser/react/main.tsx'],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'react',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['/latchkey-keys.js'],
    alias: { 'latchkey/elements': '/latchkey-keys.js' },
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}

/** An open page of the application. */
export interface OpenedApp {
  readonly page: Page;
  /** The page's errors and console messages. */
  readonly problems: string[];
}

/** Opens the application, and waits for the element. */
export async function openApp(context: BrowserContext): Promise<OpenedApp> {
  const page = await context.newPage();
  // Long, because other suites may be using the processor.
  page.setDefaultTimeout(20_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const problems: string[] = [];
  page.on('console', (message) => {
    // The browser also logs each rejected request.
    if (!/Failed to load resource/.test(message.text())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(APP);
  await page.locator('latchkey-keys').getByRole('heading', { level: 2 }).waitFor();
  return { page, problems };
}
