import { type App, Duration, Stack, type StackProps, Stage, type StageProps } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  LogGroupLogDestination,
  MethodLoggingLevel,
  MockIntegration,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Repository } from 'aws-cdk-lib/aws-codecommit';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  CodePipeline,
  CodePipelineSource,
  type IFileSetProducer,
  ManualApprovalStep,
  ShellStep,
} from 'aws-cdk-lib/pipelines';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyMonitoring, ApiKeyTable, latchkeyAccessLogFormat } from '../../../../infra/index.ts';

interface ShopStageProps extends StageProps {
  readonly isProduction?: boolean;
}

/** The application of one environment. Production differs from the others. */
class ShopStage extends Stage {
  constructor(scope: Construct, id: string, { isProduction = false, ...props }: ShopStageProps = {}) {
    super(scope, id, props);
    const stack = new Stack(this, 'Shop', { terminationProtection: isProduction });
    const table = new ApiKeyTable(stack, 'Keys');
    const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
      table,
      staleIfError: isProduction ? Duration.hours(1) : Duration.seconds(0),
      plans: { free: { throttle: { rateLimit: 1, burstLimit: 2 } } },
    });
    const api = new RestApi(stack, 'Api', {
      deployOptions: {
        loggingLevel: MethodLoggingLevel.ERROR,
        accessLogDestination: new LogGroupLogDestination(new LogGroup(stack, 'AccessLog')),
        accessLogFormat: isProduction ? latchkeyAccessLogFormat.rest() : AccessLogFormat.clf(),
      },
    });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.addGatewayResponses(api);
    authorizer.applyPlans(api);
    if (isProduction) new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, table });
  }
}

/** A pipeline in a tools account that deploys the application to two other accounts. */
class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    const repository = Repository.fromRepositoryName(this, 'Repository', 'shop');
    const input = CodePipelineSource.codeCommit(repository, 'main') as IFileSetProducer;
    const synth = new ShellStep('Synth', { input, commands: ['npm ci', 'npx cdk synth'] }) as IFileSetProducer;
    const pipeline = new CodePipeline(this, 'Pipeline', { crossAccountKeys: true, synth });
    pipeline.addStage(new ShopStage(this, 'Test', { env: { account: '222222222222', region: 'eu-west-1' } }));
    const env = { account: '333333333333', region: 'eu-west-1' };
    pipeline.addStage(new ShopStage(this, 'Prod', { env, isProduction: true }), {
      pre: [new ManualApprovalStep('Release')],
    });
  }
}

export const pipeline = (app: App) =>
  new PipelineStack(app, 'Pipeline', { env: { account: '111111111111', region: 'eu-west-1' } });
