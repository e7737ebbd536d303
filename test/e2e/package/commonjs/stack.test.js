const { App, Stack } = require('aws-cdk-lib');
const { Template } = require('aws-cdk-lib/assertions');
const { LatchkeyError } = require('latchkey');
const { ApiKeyAuthorizer, ApiKeyTable } = require('latchkey/cdk');
const { createTestAuthorizer, createTestKey, restTokenEvent } = require('latchkey/testing');

// The CDK's project template tests stacks with Jest, which loads CommonJS without options.
test('the stack contains the authorizer’s function with its code', () => {
  const stack = new Stack(new App(), 'Invoices');
  new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys') });
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
});

test('the test authorizer allows a key', async () => {
  const { secret, record } = createTestKey();
  const { handler } = createTestAuthorizer({ records: [record] });
  expect(await handler(restTokenEvent({ key: secret }))).toMatchObject({ principalId: record.id });
});

test('all entry points share one LatchkeyError', async () => {
  const { verifier, table } = createTestAuthorizer();
  table.isDown = true;
  const error = await verifier.verify(createTestKey().secret).catch((reason) => reason);
  expect(error).toBeInstanceOf(LatchkeyError);
  expect(error.code).toBe('STORE_UNAVAILABLE');
});
