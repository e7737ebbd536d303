import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { api } from '../../../console/page/api.ts';

const fetched = jest.spyOn(globalThis, 'fetch');
afterAll(() => fetched.mockRestore());

describe.each<[string, () => Promise<Response>]>([
  ['does not answer', () => Promise.reject(new TypeError('Failed to fetch'))],
  ['breaks off within its answer', async () => new Response('{"key":')],
])('where the server %s', (_, answer) => {
  beforeEach(() => {
    fetched.mockImplementation(answer);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['create', () => api.create({ label: 'x' })],
    ['rotate', () => api.rotate('x', { graceSeconds: 0 })],
    ['revoke', () => api.revoke('x', {})],
  ])('%s may have been done, and says so', async (_name, change) => {
    await expect(change()).rejects.toMatchObject({
      code: 'OFFLINE',
      message: expect.stringMatching(/whether the change was made is not known.*revoke a key that was issued/),
    });
  });

  test('a read says nothing of a change', async () => {
    await expect(api.page(null)).rejects.toMatchObject({
      code: 'OFFLINE',
      message: expect.not.stringMatching(/change/),
    });
  });
});

test('what the server refuses is thrown by its code and message', async () => {
  const error = { code: 'CONFLICT', message: 'was changed' };
  fetched.mockResolvedValue(new Response(JSON.stringify({ error }), { status: 409 }));
  await expect(api.disable('x')).rejects.toMatchObject(error);
});
