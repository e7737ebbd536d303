import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { LatchkeyStack } from './latchkeyStack.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
new LatchkeyStack(app, 'LatchkeyStack', {
  description: 'Latchkey: API keys for API Gateway, and a sample API of each kind',
});
