import { describe, expect, test } from '@jest/globals';
import { latchkey as express } from '../../../middleware/express.ts';
import { keyHook, latchkey as fastify } from '../../../middleware/fastify.ts';
import { latchkey as hono } from '../../../middleware/hono.ts';
import { latchkey as lambda } from '../../../middleware/lambda.ts';
import { createTestAuthorizer } from '../../../testing/createTestAuthorizer.ts';

const { authenticator } = createTestAuthorizer();

type Create = (given: typeof authenticator, requirements?: object) => unknown;

describe.each<[string, Create]>([
  ['Hono', hono],
  ['Express', express],
  ['Fastify', fastify],
  ['a route of Fastify', keyHook],
  ['Lambda', (given, requirements) => lambda(given, () => undefined, requirements)],
])('the middleware for %s', (_, create) => {
  test.each([
    ['an empty requirement', { require: '' }, 'got ""'],
    ['an empty list', { require: [] }, 'got a list of 0'],
    ['a misspelled option', { requires: 'orders:read' }, '"requires": unknown option'],
    ['an unknown option in addition to a scope', { require: 'orders:read', route: 'GET /' }, '"route": unknown option'],
  ])('rejects %s when it is created', (_, requirements, message) => {
    expect(() => create(authenticator, requirements)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    expect(() => create(authenticator, requirements)).toThrow(message);
  });

  test.each([[undefined], [{ tableName: 'keys' }]])('rejects %j in place of an authenticator', (given) => {
    expect(() => create(given as never)).toThrow('expected an authenticator of createAuthenticator');
  });

  test('accepts a scope, a list of scopes and no requirement', () => {
    for (const requirements of [undefined, {}, { require: 'orders:read' }, { require: ['a', 'b'] }]) {
      expect(create(authenticator, requirements)).toBeInstanceOf(Function);
    }
  });
});
