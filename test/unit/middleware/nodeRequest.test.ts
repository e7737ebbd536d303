import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { nodeRequest } from '../../../middleware/nodeRequest.ts';

test('nodeRequest returns every header that the client sent, even a second one of a name', () => {
  const rawHeaders = ['Authorization', 'Bearer a', 'Accept', '*/*', 'authorization', 'Bearer b'];
  expect(nodeRequest({ method: 'GET', rawHeaders } as IncomingMessage, '/orders?page=2')).toEqual({
    method: 'GET',
    url: '/orders?page=2',
    headers: [
      ['Authorization', 'Bearer a'],
      ['Accept', '*/*'],
      ['authorization', 'Bearer b'],
    ],
  });
});
