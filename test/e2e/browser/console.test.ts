import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { serialiseRecord } from '../../../keys/record.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';
import { toUsageHour } from '../../../keys/usage.ts';
import { UsageStore } from '../../../keys/usageStore.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { launchBrowser } from '../../support/browser.ts';
import { startGatewayProcess, type GatewayProcess } from '../../support/gateway.ts';
import { makeKey } from '../../support/keys.ts';
import { LimitsTableUnderTest } from '../../support/limitsTableUnderTest.ts';
import { ConsoleUnderTest } from '../../integration/console/consoleUnderTest.ts';
import { axeFindings } from './axeFindings.ts';
import { openPage } from './openPage.ts';
import { sampleKeys } from '../../integration/console/sampleKeys.ts';

jest.setTimeout(120_000);

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

/** Waits until a control has the focus. */
async function expectFocus(control: Locator): Promise<void> {
  await control.and(control.page().locator(':focus')).waitFor();
}

async function call(gateway: GatewayProcess, secret: string): Promise<{ status: number; code?: string }> {
  const response = await fetch(gateway.url, { headers: { authorization: `Bearer ${secret}` } });
  const body: { error: { code: string } } = JSON.parse(await response.text());
  return response.ok ? { status: response.status } : { status: response.status, code: body.error.code };
}

/** Waits until the gateway responds with this status, because its record cache may be stale. */
async function untilAnswered(
  gateway: GatewayProcess,
  secret: string,
  status: number,
): Promise<{ status: number; code?: string }> {
  for (let tries = 0; ; tries++) {
    const answer = await call(gateway, secret);
    if (answer.status === status || tries === 90) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

describe('the console with a running gateway', () => {
  let gateway: GatewayProcess;
  let context: BrowserContext;
  beforeAll(async () => {
    gateway = await startGatewayProcess();
    context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  });
  afterAll(async () => {
    await context.close();
    await gateway.stop();
  });

  test('creates, copies, rotates and revokes a key that the gateway checks', async () => {
    const { page, problems, requests } = await openPage(context, gateway.consoleUrl);
    expect(new URL(page.url()).search).toBe('');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Label').fill('browser');
    await page.getByLabel('Owner', { exact: true }).last().fill('acme');
    await page.getByRole('button', { name: 'Create key' }).click();

    await page.getByRole('button', { name: 'Copy key' }).click();
    await page.getByText('Copied.').waitFor();
    const secret = (await page.evaluate('navigator.clipboard.readText()')) as string;
    expect(secret).toMatch(/^sk_[0-9A-Za-z]{49}$/);
    expect(await page.locator('.secret').textContent()).toBe(secret);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    expect(await page.content()).not.toContain(secret);

    const panel = page.getByRole('complementary', { name: 'Key browser' });
    expect(await panel.textContent()).toContain('Last usedNever');
    expect(await call(gateway, secret)).toEqual({ status: 200 });
    await panel.locator('.dot-day').waitFor();

    await panel.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('button', { name: 'Rotate key' }).click();
    await page.getByRole('button', { name: 'Copy key' }).click();
    await page.getByText('Copied.').waitFor();
    const successor = (await page.evaluate('navigator.clipboard.readText()')) as string;
    expect(successor).not.toBe(secret);
    await page.keyboard.press('Escape');
    expect(await call(gateway, successor)).toEqual({ status: 200 });
    expect(await call(gateway, secret)).toEqual({ status: 200 });
    await panel.getByRole('link', { name: secret.slice(0, 11) }).click();
    await panel
      .getByText(/^in (24 hours|1 day)$/)
      .first()
      .waitFor();

    await panel.getByRole('button', { name: 'Revoke' }).click();
    await page.getByLabel('Reason').fill('tried out');
    await page.getByRole('button', { name: 'Revoke key' }).click();
    const confirmation = page.getByLabel(/^Type sk_\w{8} to confirm$/);
    await page.getByText(`Expected ${secret.slice(0, 11)}.`).waitFor();
    await expectFocus(confirmation);
    await confirmation.fill(secret.slice(0, 11));
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await page.getByText(/browser is revoked. Refused everywhere by [\d:]{8} \(within \d+ s\)/).waitFor();
    expect(await panel.textContent()).toContain('tried out');
    expect(await untilAnswered(gateway, secret, 403)).toEqual({ status: 403, code: 'KEY_REVOKED' });
    expect(await call(gateway, successor)).toEqual({ status: 200 });

    expect(problems).toEqual([]);
    const { origin } = new URL(gateway.consoleUrl);
    expect(requests.filter((url) => !url.startsWith(`${origin}/`))).toEqual([]);
    expect(requests.filter((url) => url.includes(secret) || url.includes(successor))).toEqual([]);
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])',
    );
    expect(kept).not.toContain('sk_');
    expect(kept).toMatch(/^\[\{\},\{\},"",/);
  });
});

describe('the console with 200 keys', () => {
  let console: ConsoleUnderTest;
  let context: BrowserContext;
  beforeAll(async () => {
    console = await ConsoleUnderTest.start(database, { now: Date.now });
    for (const record of sampleKeys(200, Date.now())) await console.put(serialiseRecord(record));
    context = await browser.newContext();
    const [name = '', value = ''] = (await console.open()).split('=');
    await context.addCookies([{ name, value, url: console.url.origin, httpOnly: true, sameSite: 'Strict' }]);
  });
  afterAll(async () => {
    await context.close();
    await console.stop();
  });

  test('can be operated with only the keyboard', async () => {
    const { page, problems } = await openPage(context, console.url.origin);
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.getByText('200 keys').waitFor();
    await press('n');
    await page.getByRole('dialog', { name: 'New key' }).waitFor();
    await page.keyboard.type('by keyboard');
    await press('Enter');
    await page.getByRole('dialog', { name: 'Save your key: by keyboard' }).waitFor();
    await press('Escape');
    await page.getByText("You haven't copied the key. Close again to discard it.").waitFor();
    await press('Escape');
    expect(await page.locator('dialog').count()).toBe(0);
    await press('Escape');
    await page.locator('.panel').waitFor({ state: 'detached' });

    await press('/');
    await page.keyboard.type('by keyb');
    await page.getByText('1 of 201 keys').waitFor();
    await press('ArrowDown', 'Enter');
    const panel = page.getByRole('complementary', { name: 'Key by keyboard' });
    await panel.waitFor();
    // Close, both copy buttons, Edit, Rotate, Disable.
    await press('Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Enter');
    await page.getByText(/^by keyboard is disabled/).waitFor();
    // The button is gone, so Tab starts at the heading: Close, both copy buttons, Edit, Rotate, Enable, Revoke.
    await press('Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Enter');
    await page.getByRole('dialog', { name: 'Revoke by keyboard?' }).waitFor();
    await page.keyboard.type('no longer needed');
    await press('Enter');
    await page.getByText(/^by keyboard is revoked/).waitFor();
    await press('Escape', 'Escape');
    await page.getByText('201 keys', { exact: true }).waitFor();
    await press('End', 'PageUp', 'Home', 'ArrowDown', 'ArrowDown', 'ArrowUp');
    const grid = page.getByRole('grid');
    const active = await grid.getAttribute('aria-activedescendant');
    expect(await page.locator(`[id="${active}"]`).getAttribute('aria-rowindex')).toBe('3');
    expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('grid');
    await page.getByRole('link', { name: 'Overview' }).press('Enter');
    await page.getByRole('heading', { name: 'Newest' }).waitFor();
    await press('/');
    await page.keyboard.type('by keyb');
    await page.getByText('1 of 201 keys').waitFor();
    const { revokedReason } = (await console.records()).find(({ label }) => label === 'by keyboard') ?? {};
    expect(revokedReason).toBe('no longer needed');
    expect(problems).toEqual([]);
    await page.close();
  });

  test("shows another console's change before overwriting it", async () => {
    const { record } = await console.putKey({ label: 'contended', owner: 'acme' });
    const { page } = await openPage(context, `${console.url.origin}/#/keys/${record.id}`);
    const panel = page.getByRole('complementary');
    await panel.getByRole('button', { name: 'Edit' }).click();
    await console.api('PATCH', `/api/keys/${record.id}`, { owner: 'globex' }, { 'if-match': '"0"' });
    const owner = page.getByRole('dialog').getByLabel('Owner');
    await owner.fill('initech');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/was changed since you read it/).waitFor();
    expect((await console.record(record.id)).owner).toBe('globex');
    await page.getByRole('button', { name: 'Load the latest version and keep my edits' }).click();
    await page.getByText(/owner is now "globex"/).waitFor();
    expect(await owner.inputValue()).toBe('initech');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('contended is saved.').waitFor();
    expect((await console.record(record.id)).owner).toBe('initech');
    await page.close();
  });

  test('renders a script in a label as text', async () => {
    const label = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
    const { record } = await console.putKey({ label });
    const { page, problems } = await openPage(context, `${console.url.origin}/#/keys/${record.id}`);
    expect(await page.getByRole('complementary').getByRole('heading').first().textContent()).toBe(label);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'Newest' }).waitFor();
    expect(await page.title()).toBe('Latchkey');
    expect(await page.locator('img').count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('does not run a script that was injected into the page', async () => {
    const { page, problems } = await openPage(context, console.url.origin);
    /** Returns the policy violation that the script causes, or the error that it throws. */
    const violation = (script: string) =>
      page.evaluate(`new Promise((resolve) => {
        document.addEventListener(
          'securitypolicyviolation',
          ({ effectiveDirective, blockedURI }) => resolve(effectiveDirective + ' ' + blockedURI),
          { once: true },
        );
        try { ${script} } catch (error) { resolve(String(error)); }
      })`);
    const inline = `const script = document.createElement('script'); script.append('document.title = 1'); document.body.append(script);`;
    expect(await violation(inline)).toMatch(/^script-src-elem inline|^require-trusted-types-for/);
    const attribute = `document.createElement('img').setAttribute('onerror', 'document.title = 1');`;
    const markup = `document.body.innerHTML = '<img src="x" onerror="document.title = 1">';`;
    for (const script of [attribute, markup]) {
      await expect(page.evaluate(`(() => { ${script} })()`)).rejects.toThrow(/TypeError: .*requires 'Trusted/);
    }
    const image = `document.body.append(Object.assign(new Image(), { src: 'https://evil.example/x.png' }));`;
    expect(await violation(image)).toBe('img-src https://evil.example/x.png');
    expect(await page.title()).toBe('Latchkey');
    expect(problems.join()).toMatch(/Content Security Policy/);
    await page.close();
  });

  test('saves the listed keys as CSV', async () => {
    const { page, problems } = await openPage(context, `${console.url.origin}/#/keys?state=revoked`);
    await page.getByText(/\d keys$/).waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export CSV' }).click();
    const csv = readFileSync(await (await saved).path(), 'utf8');
    const states = parse<{ state: string }>(csv, { columns: true }).map(({ state }) => state);
    const revoked = (await console.records()).filter(({ revokedAt }) => revokedAt !== undefined);
    expect(states).toEqual(revoked.map(() => 'revoked'));
    expect(states.length).toBeGreaterThan(0);
    expect((await saved).suggestedFilename()).toBe('keys.csv');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('creates and finds keys at a width of 375 px', async () => {
    const { page, problems } = await openPage(context, console.url.origin);
    await page.setViewportSize({ width: 375, height: 720 });
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    expect(await width()).toBe(375);
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').getByLabel('Label').fill('in hand');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Create key' }).click();
    expect(await width()).toBe(375);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    const panel = page.getByRole('complementary', { name: 'Key in hand' });
    await panel.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('searchbox').fill('in hand');
    await page.getByRole('row', { name: /in hand/ }).click();
    expect(await panel.boundingBox()).toMatchObject({ x: 0, width: 375 });
    expect(await axeFindings(page)).toEqual([]);
    await panel.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('link', { name: 'Overview' }).click();
    expect(await width()).toBe(375);
    expect(await axeFindings(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  describe.each(['light', 'dark'] as const)('axe in %s mode', (colorScheme) => {
    let page: Page;
    beforeAll(async () => {
      ({ page } = await openPage(context, console.url.origin));
      await page.emulateMedia({ colorScheme });
      await page.getByText(/\d keys/).waitFor();
    });
    afterAll(() => page.close());

    test('finds no problems in the list', async () => {
      expect(await axeFindings(page)).toEqual([]);
    });

    test('finds no problems in the panel of a key', async () => {
      await page.getByRole('row').nth(3).click();
      await page.getByRole('complementary').waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
    });

    test('finds no problems in a dialog with an error', async () => {
      await page.keyboard.press('n');
      await page.getByRole('dialog').getByLabel('Label').fill('x');
      await page.getByRole('dialog').getByText('More').click();
      const plan = page.getByRole('dialog').getByLabel('Plan');
      await plan.fill('not a plan');
      await page.getByRole('button', { name: 'Create key' }).click();
      await page.getByText(/^Expected a plan's name/).waitFor();
      await expectFocus(plan);
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
    });

    test.each([
      ['the dialog of a rotation', 'Rotate'],
      ['the dialog of a revocation', 'Revoke'],
      ['the dialog of an edit', 'Edit'],
    ])('finds no problems in %s', async (_, button) => {
      const { record } = await console.putKey({
        label: 'inspected',
        scopes: ['a'],
        lastUsedAt: toTimestamp(Date.now()),
      });
      await page.goto(`${console.url.origin}/#/keys/${record.id}`);
      await page.reload();
      await page.getByRole('complementary').getByRole('button', { name: button }).click();
      await page.getByRole('dialog').waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
    });

    test('finds no problems in a notice, the palette and the shortcuts', async () => {
      const { record } = await console.putKey({ label: 'noticed' });
      await page.goto(`${console.url.origin}/#/keys/${record.id}`);
      await page.reload();
      await page.getByRole('complementary').getByRole('button', { name: 'Disable' }).click();
      await page.getByRole('button', { name: 'Undo' }).hover();
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Control+k');
      await page.keyboard.type('shortcuts');
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
    });

    test('finds no problems in the overview', async () => {
      await page.getByRole('link', { name: 'Overview' }).click();
      await page.getByRole('heading', { name: 'Newest' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
    });
  });

  test('axe reports an input without a label', async () => {
    const { page } = await openPage(context, console.url.origin);
    await page.evaluate(`document.body.append(document.createElement('input'))`);
    expect(await axeFindings(page)).toContainEqual(expect.stringMatching(/^label: /));
    await page.close();
  });
});

test("the console doesn't show keys to a browser that didn't open the printed URL", async () => {
  const console = await ConsoleUnderTest.start(database);
  await console.putKey({ label: 'hidden' });
  const page = await browser.newPage();
  await page.goto(console.url.origin);
  await page.getByText(/open the address that the console printed/).waitFor();
  expect(await page.content()).not.toContain('hidden');
  await page.close();
  await console.stop();
});

test("a page on another port of the same host can't read or change keys", async () => {
  const console = await ConsoleUnderTest.start(database);
  const other = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<title>other</title>'),
  );
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  const context = await browser.newContext();
  const { page } = await openPage(context, console.url.href);
  await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}`);
  const target = JSON.stringify(`${console.url.origin}/api/keys`);
  const read = await page.evaluate(
    `fetch(${target}, { credentials: 'include' }).then((r) => r.text(), () => 'unreadable')`,
  );
  expect(read).toBe('unreadable');
  await page.evaluate(
    `fetch(${target}, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"label":"forged"}' }).then(() => 1, () => 0)`,
  );
  const navigated = page.waitForNavigation();
  await page.evaluate(`(() => {
    const form = Object.assign(document.createElement('form'), { method: 'post', enctype: 'text/plain', action: ${target} });
    form.append(Object.assign(document.createElement('input'), { name: '{"label":"forged', value: '"}' }));
    document.body.append(form);
    form.submit();
  })()`);
  const posted = await navigated;
  // The request wouldn't test the guard without the cookie.
  expect((await posted?.request().allHeaders())?.['cookie']).toContain('latchkey-console-');
  expect(posted?.status()).toBe(403);
  expect(await page.content()).toContain('ORIGIN_REFUSED');
  expect(await console.records()).toEqual([]);
  await context.close();
  other.close();
  other.closeAllConnections();
  await console.stop();
});

test("a second browser can't open the printed URL", async () => {
  const console = await ConsoleUnderTest.start(database);
  const [first, second] = [await browser.newContext(), await browser.newContext()];
  const { page } = await openPage(first, console.url.href);
  const stranger = await second.newPage();
  const answer = await stranger.goto(console.url.href);
  expect(answer?.status()).toBe(403);
  expect(await page.getByRole('grid').count()).toBe(1);
  await first.close();
  await second.close();
  await console.stop();
});

test('a console of a deployment with several prefixes offers them for a new key', async () => {
  const console = await ConsoleUnderTest.start(database, { acceptedKeys: 'sk_live_,sk_test_' });
  const context = await browser.newContext();
  const { page, problems } = await openPage(context, console.url.href);
  await page.getByRole('button', { name: 'New key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  const choice = dialog.getByRole('group', { name: 'Prefix' });
  expect(await choice.getByRole('radio', { name: 'sk_live_' }).isChecked()).toBe(true);
  await choice.getByRole('radio', { name: 'sk_test_' }).check();
  await dialog.getByLabel('Label').fill('from the sandbox');
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Create key' }).click();
  await page
    .getByRole('dialog')
    .getByText(/^sk_test_\w{49}$/)
    .first()
    .waitFor();
  expect(problems).toEqual([]);
  await context.close();
  await console.stop();
});

test("a console that knows the plans shows what is left of a key's plan, and resets its quota", async () => {
  const limits = await LimitsTableUnderTest.create(database.client, 'limits', Date.now);
  const quota = { limit: 1000, period: 'month' } as const;
  const throttle = { rateLimit: 5, burstLimit: 10 };
  const plans = { free: { enforce: 'authorizer', per: 'key', quota, throttle } } as const;
  const console = await ConsoleUnderTest.start(database, { limitsTableName: 'limits', plans, now: Date.now });
  const { record } = await console.putKey({ label: 'almost used up', plan: 'free' });
  await limits.putQuota({ who: `key/${record.id}`, granted: 988, period: 'month' });
  const context = await browser.newContext({ viewport: { width: 320, height: 700 } });
  const { page, problems } = await openPage(context, console.url.href);
  await page.getByRole('row', { name: /almost used up/ }).click();
  const panel = page.getByRole('complementary');
  await panel.getByText('12 of 1,000 left this month').waitFor();
  await panel.getByText(/^Resets in \d/).waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFindings(page)).toEqual([]);
  }
  await panel.getByRole('button', { name: 'Reset quota' }).click();
  const dialog = page.getByRole('dialog', { name: 'Reset the quota of almost used up?' });
  await dialog.getByText('12 of 1,000 left this month').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Reset quota' }).click();
  await page.getByText(/^The quota of almost used up is reset\./).waitFor();
  await panel.getByText('1,000 of 1,000 left this month').waitFor();
  await panel.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('1,000 a month and 5 a second in bursts of 10 for each key, by the authorizer').waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  expect(await axeFindings(page)).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
  await console.stop();
});

test('a console started with --read-only turns off the buttons that change keys, with the reason', async () => {
  const console = await ConsoleUnderTest.start(database, { isReadOnly: true });
  const { record } = await console.putKey({ label: makeKey().record.label });
  const context = await browser.newContext();
  const { page } = await openPage(context, console.url.href);
  await page.goto(`${console.url.origin}/#/keys/${record.id}`);
  await page.getByRole('complementary').waitFor();
  await page.keyboard.press('n');
  expect(await page.getByRole('dialog').count()).toBe(0);
  const buttons = page.getByRole('complementary').getByRole('button', { name: /^(Edit|Rotate|Disable|Revoke)$/ });
  for (const button of await buttons.all()) {
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await button.click({ force: true });
  }
  expect(await buttons.count()).toBe(4);
  await page
    .getByRole('complementary')
    .getByText(/read-only.*--read-only/)
    .waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  expect(await page.getByRole('dialog').getByText('New key').count()).toBe(0);
  await context.close();
  await console.stop();
});

describe('the requests of keys', () => {
  test.each(['light', 'dark'] as const)(
    'fill charts in %s mode, from 320 px on and with the keyboard',
    async (scheme) => {
      const usageTableName = `usage-${scheme}`;
      const console = await ConsoleUnderTest.start(database, { usageTableName, now: Date.now });
      const { record } = await console.putKey({ label: 'nightly export' });
      const store = new UsageStore({ client: database.client, tableName: usageTableName });
      const counts = { allowed: 1200, limited: 30, refused: 4 };
      const hour = toUsageHour(Date.now());
      const apis = { rest: { source: 'access-log' as const, ...counts, latency: { 30: 1234 } } };
      const busiest = [{ keyId: record.id, ...counts }];
      await store.put(
        [
          { keyId: record.id, hour, apis },
          { keyId: '*', hour, apis, busiest },
        ],
        400,
      );
      const context = await browser.newContext({ colorScheme: scheme });
      const { page, problems } = await openPage(context, console.url.href);
      await page.setViewportSize({ width: 320, height: 720 });

      await page.getByRole('link', { name: 'Overview' }).click();
      const card = page.getByRole('region', { name: 'Requests' });
      await card.getByRole('img', { name: /00: 1,200 allowed, 30 limited, 4 refused; 23 hours without/ }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
      expect(await axeFindings(page)).toEqual([]);
      await card.getByRole('link', { name: /nightly export\s*1,234/ }).click();

      const panel = page.getByRole('complementary', { name: 'Key nightly export' });
      await panel.getByText('19 ms').first().waitFor();
      await panel.getByRole('tab', { name: '24 hours' }).focus();
      await page.keyboard.press('ArrowRight');
      await panel
        .getByRole('img', { name: /1,200 allowed, 30 limited, 4 refused; 29 days without requests/ })
        .waitFor();
      expect(await panel.textContent()).toContain('Counted from access logs, in UTC.');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
      expect(await axeFindings(page)).toEqual([]);
      expect(problems).toEqual([]);
      await context.close();
      await console.stop();
    },
  );

  test('have instructions for turning them on if there is no table of usage', async () => {
    const console = await ConsoleUnderTest.start(database);
    await console.putKey();
    const context = await browser.newContext();
    const { page, requests } = await openPage(context, console.url.href);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('region', { name: 'Requests' }).getByText('ApiKeyUsage').waitFor();
    expect(requests.filter((url) => url.includes('usage'))).toEqual([]);
    await context.close();
    await console.stop();
  });
});
