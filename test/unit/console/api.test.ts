import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { api } from '../../../console/page/api.ts';

const fetched = jest.spyOn(globalThis, 'fetch');
afterAll(() => fetched.mockRestore());

describe.each<[string, () => Promise<Response>]>([
  ["doesn't respond", () => Promise.reject(new TypeError('Failed to fetch'))],
  ['disconnects during its response', async () => new Response('{"key":')],
])('the console client of a server that %s', (_, answer) => {
  beforeEach(() => {
    fetched.mockImplementation(answer);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['create', () => api.create({ label: 'x' })],
    ['rotate', () => api.rotate('x', { graceSeconds: 0 })],
    ['revoke', () => api.revoke('x', {})],
  ])('%s throws OFFLINE with the warning that the change may have been made', async (_name, change) => {
    await expect(change()).rejects.toMatchObject({
      code: 'OFFLINE',
      message: expect.stringMatching(/the change may have been made.*revoke a key that it created/),
    });
  });

  test('a read throws OFFLINE without a warning about a change', async () => {
    await expect(api.page(null)).rejects.toMatchObject({
      code: 'OFFLINE',
      message: expect.not.stringMatching(/change/),
    });
  });
});

test("the console client throws an error with the server's code and message if a request is rejected", async () => {
  fetched.mockResolvedValue(new Response(JSON.stringify({ code: 'CONFLICT', detail: 'was changed' }), { status: 409 }));
  await expect(api.disable('x')).rejects.toMatchObject({ code: 'CONFLICT', message: 'was changed' });
});

test.each<[string, (id: string) => Promise<unknown>]>([
  ['read', api.read],
  ['disable', api.disable],
  ['revoke', (id) => api.revoke(id, {})],
])('the console client cannot %s anything but a key if an address contains a path as its id', async (_, call) => {
  fetched.mockResolvedValue(new Response(JSON.stringify({ record: {} })));
  await call('../session?x=#y');
  expect(fetched).toHaveBeenLastCalledWith(
    expect.stringMatching(/^\/api\/keys\/\.\.%2Fsession%3Fx%3D%23y(\/\w+)?$/),
    expect.anything(),
  );
});
