import { App, CfnResource, Duration } from 'aws-cdk-lib';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { ExistingRestApiStack } from '../../integration/infra/consumerApps/existingRestApi.ts';
import { HttpDefaultAuthorizerStack } from '../../integration/infra/consumerApps/httpDefaultAuthorizer.ts';
import { LambdaRestApiStack } from '../../integration/infra/consumerApps/lambdaRestApi.ts';
import { SeveralStagesStack } from '../../integration/infra/consumerApps/severalStages.ts';
import { webSocketApi } from '../../integration/infra/consumerApps/webSocketApi.ts';

// Five of the consumer apps. The context `changed` changes the settings of each: a TTL, scopes, plans, and a rollout.
const app = new App();
const isChanged = app.node.tryGetContext('changed') === 'yes';
const rollout = LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES;
const shared = { shared: true };

new ExistingRestApiStack(app, 'WishList', isChanged ? { resultsCacheTtl: Duration.minutes(1) } : {});
new LambdaRestApiStack(app, 'Framework', isChanged ? { rollout } : {});
new HttpDefaultAuthorizerStack(app, 'Clips', {
  scopes: isChanged ? { read: ['GET /clippings'], write: ['POST /clippings'] } : { read: ['GET /clippings'] },
  ...(isChanged && { recordCacheTtl: Duration.seconds(5) }),
});
webSocketApi(app, isChanged ? { rollout, rolloutAlarm: false } : {});
new SeveralStagesStack(app, 'Stages', {
  plans: {
    free: { throttle: { rateLimit: isChanged ? 7 : 5, burstLimit: 10 }, ...shared },
    ...(isChanged && { pro: { throttle: { rateLimit: 200, burstLimit: 400 }, ...shared } }),
  },
});

// The emulated account doesn't provide CodeDeploy. Remove its resources, and keep the alias that `rollout` creates.
for (const node of app.node.findAll()) {
  if (!CfnResource.isCfnResource(node)) continue;
  if (node.cfnResourceType.startsWith('AWS::CodeDeploy::')) node.node.scope?.node.tryRemoveChild(node.node.id);
  if (node.cfnResourceType === 'AWS::Lambda::Alias') delete node.cfnOptions.updatePolicy;
}
