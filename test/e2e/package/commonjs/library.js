const assert = require('node:assert/strict');
const { createKeyRegistry, createKeyVerifier, LatchkeyError } = require('latchkey');
const { createTestAuthorizer, createTestKey, restTokenEvent } = require('latchkey/testing');

async function main([tableName]) {
  const { secret, record } = createTestKey();
  const { handler } = createTestAuthorizer({ records: [record] });
  const { principalId } = await handler(restTokenEvent({ key: secret }));
  assert.equal(principalId, record.id);

  const registry = createKeyRegistry({ tableName, actor: 'invoices' });
  const issued = await registry.issue({ label: 'by require' });
  const verifier = createKeyVerifier({ tableName });
  const { keyHash: _, ...shown } = issued.record;
  assert.deepEqual(await verifier.verify(issued.secret), { effect: 'allow', record: shown });
  assert.deepEqual(await verifier.verify(secret), { effect: 'deny', code: 'INVALID_KEY' });
  assert.throws(() => createKeyVerifier({}), LatchkeyError);
}

main(process.argv.slice(2));
