import { describe, expect, test } from '@jest/globals';
import { generateSecret } from '../../../keys/secret.ts';
import { createStreamColors } from '../../../operator/colors.ts';
import { formatJsonRequest, formatRequest, withoutRequests } from '../../../local/requestLog.ts';

const plain = createStreamColors({ stream: {}, env: {} });
const REQUEST = { method: 'GET', path: '/rest/whoami', statusCode: 200, durationMs: 6 };

describe('the line of a request', () => {
  test('shows the method, the path, the status, the duration and the label', () => {
    expect(formatRequest({ ...REQUEST, label: 'build server' }, plain)).toBe(
      'GET /rest/whoami 200 6 ms build server\n',
    );
  });

  test('shows the code of a denial before the label', () => {
    const denied = { ...REQUEST, statusCode: 403, code: 'KEY_REVOKED', label: 'build server' };
    expect(formatRequest(denied, plain)).toBe('GET /rest/whoami 403 6 ms KEY_REVOKED build server\n');
  });

  test('contains the same fields and the id of the key as JSON', () => {
    const text = formatJsonRequest({ ...REQUEST, statusCode: 403, code: 'KEY_REVOKED', keyId: 'id', label: 'a\nb' });
    expect(text).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(text)).toEqual({
      method: 'GET',
      path: '/rest/whoami',
      status: 403,
      durationMs: 6,
      code: 'KEY_REVOKED',
      keyId: 'id',
      label: 'a\nb',
    });
  });

  test.each([
    ['text', (request: typeof REQUEST) => formatRequest(request, plain)],
    ['JSON', formatJsonRequest],
  ])('masks a key in the path as %s', (_, format) => {
    const key = generateSecret('sk_');
    const text = format({ ...REQUEST, path: `/rest/${key}` });
    expect(text).toContain('/rest/sk_');
    expect(text).not.toContain(key);
  });

  test('escapes control characters in labels and paths', () => {
    const text = formatRequest({ ...REQUEST, path: '/\u001B[2J', label: '\u001B[2J\nGET' }, plain);
    expect(text).toBe(String.raw`GET /\u001b[2J 200 6 ms \u001b[2J\u000aGET` + '\n');
  });
});

test('withoutRequests removes only lines about denials and about requests to the management API', () => {
  const denial = '{"timestamp":"2030-01-01T00:00:00.000Z","level":"INFO","message":"denied","code":"KEY_REVOKED"}\n';
  const request = '{"timestamp":"2030-01-01T00:00:00.000Z","level":"INFO","message":"request","route":"GET /keys"}\n';
  const fault = '{"timestamp":"2030-01-01T00:00:00.000Z","level":"ERROR","message":"fault","code":"X"}\n';
  expect(withoutRequests(`${denial}${fault}${request}${denial}"message":"denied"`)).toBe(`${fault}"message":"denied"`);
});
