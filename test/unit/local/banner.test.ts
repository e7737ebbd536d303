import { describe, expect, test } from '@jest/globals';
import { formatBanner, formatJsonBanner, formatJsonLink, formatLink, type Banner } from '../../../local/banner.ts';
import { createStreamColors } from '../../../operator/colors.ts';

const plain = createStreamColors({ stream: {}, env: {} });
const BANNER: Banner = {
  url: 'http://127.0.0.1:3000',
  apis: [
    { type: 'REST', prefix: 'rest', path: '/rest/whoami', hasAccessLog: false },
    { type: 'HTTP', prefix: 'http', path: '/http/whoami', hasAccessLog: true },
    { type: 'WebSocket', prefix: 'ws', path: '/ws/', hasAccessLog: false },
  ],
  consoleUrl: 'http://127.0.0.1:3001/start?token=t',
  demoKey: 'KEY',
  startMs: 1849,
  hasKeyboard: true,
};

describe('the banner', () => {
  test('shows every address, the key and a command to try', () => {
    expect(formatBanner(BANNER, plain)).toBe(`
  Latchkey  ready in 1.8 s

  ➜  REST       http://127.0.0.1:3000/rest/whoami
  ➜  HTTP       http://127.0.0.1:3000/http/whoami
  ➜  WebSocket  ws://127.0.0.1:3000/ws/
  ➜  Console    http://127.0.0.1:3001/start?token=t
  ➜  Key        KEY

  curl -i -H 'Authorization: Bearer KEY' http://127.0.0.1:3000/rest/whoami

  o + Enter opens the console, Enter prints a new link, Ctrl-C stops the gateway

`);
  });

  test.each([
    ['bearer,query:api_key', "-H 'Authorization: Bearer KEY' URL"],
    ['basic,bearer', "-u 'KEY:' URL"],
    ['header:X-Api-Key', "-H 'X-Api-Key: KEY' URL"],
    ['header:Authorization:Token', "-H 'Authorization: Token KEY' URL"],
    ['cookie:key', "-b 'key=KEY' URL"],
    ['query:api:key', "'URL?api%3Akey=KEY'"],
    ['websocket-protocol,query:key', "'URL?key=KEY'"],
    ["header:It's", String.raw`-H 'It'\''s: KEY' URL`],
  ])('shows a command for the key sources %s', (keySources, command) => {
    const text = formatBanner({ ...BANNER, keySources }, plain);
    expect(text).toContain(`\n  curl -i ${command.replace('URL', 'http://127.0.0.1:3000/rest/whoami')}\n`);
  });

  test('omits the command if only a WebSocket can send the key', () => {
    const banner = { ...BANNER, keySources: 'websocket-protocol', limitedPlan: 'demo' };
    expect(formatBanner(banner, plain)).not.toContain('curl');
  });

  test.each([
    [undefined, '-H "Authorization: Bearer $KEY" URL'],
    ['basic', '-u "$KEY:" URL'],
    ['header:X-`Key$', '-H "X-\\`Key\\$: $KEY" URL'],
    ['query:key', '"URL?key=$KEY"'],
  ])('shows two commands that reach a limit, for the key sources %p', (keySources, args) => {
    const text = formatBanner({ ...BANNER, keySources, limitedPlan: 'demo' }, plain);
    const loop = `for i in $(seq 70); do curl -so /dev/null -w '%{http_code} ' ${args}; done; echo`;
    expect(text).toContain(
      `\n  KEY=$(npx latchkey create --label limited --plan demo --local | awk '/^key:/ {print $2}')\n  ${loop.replace('URL', 'http://127.0.0.1:3000/http/whoami')}\n`,
    );
  });

  test('shows a limit on the first API if none has an access log', () => {
    const apis = BANNER.apis.map((api) => ({ ...api, hasAccessLog: false }));
    expect(formatBanner({ ...BANNER, apis, limitedPlan: 'demo' }, plain)).toContain(
      '" http://127.0.0.1:3000/rest/whoami; done',
    );
  });

  describe('with the management API', () => {
    const apis = [...BANNER.apis, { type: 'Management', prefix: 'management', path: '', hasAccessLog: true }] as const;
    const asOperator = 'curl --aws-sigv4 aws:amz:us-east-1:execute-api --user local:local http://127.0.0.1:3000/keys';
    const asOwner = `curl -H "Authorization: Bearer $(curl -s 'http://127.0.0.1:3000/local/token?sub=alice')" http://127.0.0.1:3000/me/keys`;

    test('shows its address and a command for each audience', () => {
      const text = formatBanner({ ...BANNER, apis, hasOwners: true }, plain);
      expect(text).toContain('  ➜  Management  http://127.0.0.1:3000\n');
      expect(text).toContain(`\n\n  ${asOperator}\n  ${asOwner}\n\n`);
      expect(JSON.parse(formatJsonBanner({ ...BANNER, apis })).urls.management).toBe('http://127.0.0.1:3000');
    });

    test('omits the command of owners if no API accepts their tokens', () => {
      const text = formatBanner({ ...BANNER, apis }, plain);
      expect(text).toContain(asOperator);
      expect(text).not.toContain('token?sub');
    });

    test('sends no key to it', () => {
      expect(formatBanner({ ...BANNER, apis: apis.slice(2), limitedPlan: 'demo' }, plain)).not.toContain("KEY' http");
    });
  });

  test('omits the console and its keys without a console', () => {
    const text = formatBanner({ ...BANNER, consoleUrl: undefined }, plain);
    expect(text).not.toMatch(/console/i);
    expect(text).toContain('\n  Ctrl-C stops the gateway\n');
  });

  test('omits the keys of the console if the gateway has no terminal', () => {
    const text = formatBanner({ ...BANNER, hasKeyboard: false }, plain);
    expect(text).toContain('➜  Console');
    expect(text).not.toContain('Enter');
  });

  test('omits the command for a stack with only WebSocket APIs', () => {
    const text = formatBanner({ ...BANNER, apis: BANNER.apis.slice(2) }, plain);
    expect(text).not.toContain('curl');
    expect(text).not.toContain('REST');
  });

  test('consists of one line with the URLs and the key as JSON', () => {
    const text = formatJsonBanner(BANNER);
    expect(text).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(text)).toEqual({
      urls: {
        rest: 'http://127.0.0.1:3000/rest/whoami',
        http: 'http://127.0.0.1:3000/http/whoami',
        ws: 'ws://127.0.0.1:3000/ws/',
        console: 'http://127.0.0.1:3001/start?token=t',
      },
      key: 'KEY',
    });
  });
});

test('a new link to the console is one line, as text and as JSON', () => {
  expect(formatLink('http://a/start', plain)).toBe('  ➜  Console  http://a/start\n');
  expect(JSON.parse(formatJsonLink('http://a/start'))).toEqual({ urls: { console: 'http://a/start' } });
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [undefined, {}, false],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '' }, false],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  [false, { CI: 'true' }, false],
])('a stream with isTTY %p and the environment %j has colours: %p', (isTTY, env, isColored) => {
  const stream = isTTY === undefined ? {} : { isTTY };
  expect(createStreamColors({ stream, env }).green('x')).toBe(isColored ? '\u001B[32mx\u001B[39m' : 'x');
});
