import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { LatchkeyError } from '../../keys/errors.ts';
import { readAppContext } from './appContext.ts';
import { LatchkeyStack } from './latchkeyStack.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
try {
  const { stackName, ...settings } = readAppContext(app.node.getAllContext());
  new LatchkeyStack(app, stackName, {
    description: 'Latchkey: API keys for API Gateway, and a sample API of each kind',
    // CloudFormation copies them to each resource. `cdk deploy --tags` replaces them.
    tags: { Application: 'Latchkey' },
    ...settings,
  });
} catch (error) {
  if (!(error instanceof LatchkeyError) || error.code !== 'CONFIG_INVALID') throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
