import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { api } from '../../../console/page/api.ts';
import { connection, Connection } from '../../../console/page/connection.ts';

const fetched = jest.spyOn(globalThis, 'fetch');
beforeEach(() => connection.report('connected'));
afterAll(() => fetched.mockRestore());

function rejection(status: number, code: string): Response {
  return new Response(JSON.stringify({ code, detail: 'no' }), { status });
}

describe('the connection to the console', () => {
  test.each<[string, string, () => Promise<Response>]>([
    ['disconnected', "doesn't respond", () => Promise.reject(new TypeError('Failed to fetch'))],
    ['disconnected', 'stops in the middle of a response', async () => new Response('{"records":')],
    ['ended', "doesn't know the session", async () => rejection(401, 'SESSION_REQUIRED')],
    ['connected', 'rejects a request for another reason', async () => rejection(404, 'NOT_FOUND')],
    ['connected', "can't reach DynamoDB", async () => rejection(503, 'STORE_UNAVAILABLE')],
  ])('is %s if the server %s', async (state, _, answer) => {
    fetched.mockImplementation(answer);
    await api.read('x').catch(() => {});
    expect(connection.state).toBe(state);
  });

  test('is connected again after the next response', async () => {
    fetched.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await api.page(null).catch(() => {});
    fetched.mockResolvedValueOnce(new Response(JSON.stringify({ records: [], corrupt: [], cursor: null })));
    await api.page(null);
    expect(connection.state).toBe('connected');
  });

  test('calls its listeners once after each change', () => {
    const own = new Connection();
    const seen: string[] = [];
    const stop = own.listen((state) => seen.push(state));
    for (const state of ['connected', 'disconnected', 'disconnected', 'connected'] as const) own.report(state);
    stop();
    own.report('ended');
    expect(seen).toEqual(['disconnected', 'connected']);
  });
});
