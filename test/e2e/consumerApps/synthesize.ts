// Synthesizes every consumer app with the feature flags of `cdk init`, and counts the resources that Latchkey creates.
// Prints a JSON object: stack → resource type → count. Fails if a stack has an error. The suite also runs a copy of this
// file on the oldest CDK.
import { createRequire } from 'node:module';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CONSUMER_APPS } from '../../integration/infra/consumerApps/index.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: unknown;
}

/** The types that Latchkey's constructs create. Other types differ between versions of the CDK. */
const LATCHKEY_TYPES =
  /^AWS::(ApiGateway::(Authorizer|GatewayResponse|Method|UsagePlan)|ApiGatewayV2::(Authorizer|Route)|DynamoDB::GlobalTable|Lambda::(Alias|Function))$/;

const context = createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json');
const counts: Record<string, Record<string, number>> = {};
for (const [name, build] of Object.entries(CONSUMER_APPS)) {
  const app = new App({ context });
  build(app);
  for (const stack of app.node.findAll().filter((node) => Stack.isStack(node))) {
    const count = (counts[`${name}: ${stack.node.path}`] = {} as Record<string, number>);
    const resources = Object.values<Resource>(Template.fromStack(stack).toJSON()['Resources'] ?? {});
    for (const { Type } of resources.filter(isLatchkeys)) count[Type] = (count[Type] ?? 0) + 1;
  }
  const messages = app.node.findAll().flatMap(({ node }) => node.metadata);
  const errors = messages.filter(({ type }) => type === 'aws:cdk:error');
  if (errors.length > 0) throw new Error(`${name}: ${JSON.stringify(errors)}`);
}
console.log(JSON.stringify(counts, undefined, 1));

/** Returns whether Latchkey creates the resource. Permissions of integrations differ between versions of the CDK. */
function isLatchkeys({ Type, Properties }: Resource): boolean {
  if (Type === 'AWS::Lambda::Permission') return JSON.stringify(Properties).includes('/authorizers/*');
  return LATCHKEY_TYPES.test(Type);
}
