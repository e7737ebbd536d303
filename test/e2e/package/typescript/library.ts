import { createKeyRegistry, createKeyVerifier, type Decision, type IssuedKey } from 'latchkey';
import {
  createTestAuthorizer,
  createTestKey,
  httpApiIntegrationEvent,
  restRequestEvent,
  type TestKey,
} from 'latchkey/testing';

/** Issues a key in the way of an application. */
export async function issue(tableName: string): Promise<IssuedKey> {
  return createKeyRegistry({ tableName, actor: 'orders' }).issue({ label: 'ci', scopes: ['orders:read'] });
}

/** Verifies a key in the way of an application without the authorizer. */
export async function check(tableName: string, key: string | undefined): Promise<Decision> {
  return createKeyVerifier({ tableName }).verify(key, 'GET /orders');
}

/** Calls the authorizer with a test key in the way of an application's tests. */
export async function decide(): Promise<[TestKey, object]> {
  const key = createTestKey({ owner: 'acme' });
  const { handler } = createTestAuthorizer({ records: [key.record] });
  const { lambda } = httpApiIntegrationEvent(key.record).requestContext.authorizer;
  if (lambda['owner'] !== 'acme') throw new Error('the context lacks the owner');
  return [key, await handler(restRequestEvent({ key: key.secret }))];
}
