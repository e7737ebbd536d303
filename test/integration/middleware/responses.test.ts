import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthenticator, type Authenticator, type AuthenticatorOptions } from '../../../index.ts';
import { publicRecord } from '../../../keys/record.ts';
import { closedEndpoint, createClient } from '../../support/engine.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { MIDDLEWARE, type MiddlewareServer } from '../../support/middlewareServers.ts';
import type { Reply } from '../../support/rawRequest.ts';
import { readMatrix, ROWS, SCOPES, type Presented } from '../../support/responseMatrix.ts';

const { heads, rows } = readMatrix('test/integration/middleware/responses.test.ts');

test('the test has the same rows and columns as docs/responses.md', () => {
  expect(heads).toEqual(Object.keys(MIDDLEWARE));
  expect([...rows.keys()]).toEqual(Object.keys(ROWS));
});

let table: FunctionTable;
let authenticators: Readonly<Record<NonNullable<Presented['runs']> | 'default', Authenticator>>;
/** The authenticator of the current row. */
let current: Authenticator;
const servers = new Map<string, MiddlewareServer>();

beforeAll(async () => {
  table = await startFunctionTable(...new Set(Object.values(ROWS).flatMap(({ record }) => record ?? [])));
  const client = createClient(table.endpoint);
  const options = { tableName: 'keys', client, scopes: SCOPES, onRefused: () => {} } satisfies AuthenticatorOptions;
  authenticators = {
    default: createAuthenticator(options),
    external: createAuthenticator({ ...options, externalKeys: true }),
    down: createAuthenticator({ ...options, client: createClient(await closedEndpoint()) }),
  };
  for (const [head, start] of Object.entries(MIDDLEWARE)) {
    servers.set(head, await start({ authenticate: (...request) => current.authenticate(...request) }));
  }
});
afterAll(async () => {
  for (const server of servers.values()) await server.stop();
  await table.stop();
});

describe.each(Object.keys(MIDDLEWARE))('the response of %s', (head) => {
  const cells = [...rows].map(([presented, answers]) => [presented, answers[heads.indexOf(head)] ?? ''] as const);

  test.each(cells)('matches docs/responses.md for %s: %s', async (presented, expected) => {
    const { runs, carried, record } = ROWS[presented] ?? { carried: {} };
    current = authenticators[runs ?? 'default'];
    const reply = await servers.get(head)?.send(carried);
    expect(told(reply, record)).toBe(expected);
  });
});

/** The headers of a refused request by its code. */
const HEADERS: Readonly<Record<string, object>> = {
  AUTH_REQUIRED: { 'www-authenticate': 'Bearer' },
  AUTHORIZER_UNAVAILABLE: { 'retry-after': '5' },
};

/** Checks the response, and returns it in the words of the page. */
function told(reply: Reply | undefined, record: Presented['record']): string {
  const { status, headers, body } = reply ?? { status: 0, headers: {}, body: '' };
  // Node's parser refuses the request, and the middleware doesn't see it.
  if (status === 400) return '400';
  const answer = JSON.parse(body);
  if (status === 200) {
    expect(answer).toEqual(JSON.parse(JSON.stringify(record && publicRecord(record))));
    return '200';
  }
  const { code } = answer.error;
  expect(answer).toEqual({
    success: false,
    data: null,
    error: { code, message: expect.stringMatching(/^[A-Z].+\.$/) },
    pagination: null,
  });
  expect(headers).toMatchObject({ 'content-type': expect.stringMatching(/^application\/json/), ...HEADERS[code] });
  return `${status} ${code}`;
}
