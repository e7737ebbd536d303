import type { App } from 'aws-cdk-lib';
import { AppSyncStack } from './appSync.ts';
import { boundaryAndAspects } from './boundaryAndAspects.ts';
import { crossStackAndNested } from './crossStackAndNested.ts';
import { customDomain } from './customDomain.ts';
import { ExistingRestApiStack } from './existingRestApi.ts';
import { HttpDefaultAuthorizerStack } from './httpDefaultAuthorizer.ts';
import { importedRestApi } from './importedRestApi.ts';
import { importedTable } from './importedTable.ts';
import { JwtBesideStack } from './jwtBeside.ts';
import { LambdaRestApiStack } from './lambdaRestApi.ts';
import { limits } from './limits.ts';
import { management } from './management.ts';
import { pipeline } from './pipeline.ts';
import { privateRestApi } from './privateRestApi.ts';
import { replicas } from './replicas.ts';
import { SeveralStagesStack } from './severalStages.ts';
import { specRestApi } from './specRestApi.ts';
import { teamConstruct } from './teamConstruct.ts';
import { TokensStack } from './tokens.ts';
import { TwoAuthorizersStack } from './twoAuthorizers.ts';
import { vpc } from './vpc.ts';
import { webSocketApi } from './webSocketApi.ts';

/** Kind of app → function that builds the app. Each app is written as a user of `latchkey/cdk` writes it. */
export const CONSUMER_APPS = {
  'an existing REST API of 40 routes': (app: App) => new ExistingRestApiStack(app, 'WishList'),
  'a SpecRestApi': specRestApi,
  'a LambdaRestApi': (app: App) => new LambdaRestApiStack(app, 'Framework'),
  'an HTTP API with a default authorizer and public routes': (app: App) => new HttpDefaultAuthorizerStack(app, 'Clips'),
  'an HTTP API with a JWT authorizer beside ours': (app: App) => new JwtBesideStack(app, 'Mixed'),
  'a WebSocket API': (app: App) => webSocketApi(app),
  'an AppSync API': (app: App) => new AppSyncStack(app, 'Catalogue'),
  'APIs in other stacks and in a nested stack': crossStackAndNested,
  'a pipeline with two stages': pipeline,
  'an imported table with its own KMS key': importedTable,
  'a table with replicas': replicas,
  'a function in a VPC': vpc,
  'a permissions boundary with aspects and cdk-nag': boundaryAndAspects,
  'custom domains': customDomain,
  'a REST API with several stages': (app: App) => new SeveralStagesStack(app, 'Stages'),
  'a REST API of another app': importedRestApi,
  'a construct of a team’s own': teamConstruct,
  'a private REST API': privateRestApi,
  'two authorizers with one table': (app: App) => new TwoAuthorizersStack(app, 'Two'),
  'limits on an HTTP API and on messages': limits,
  'the management API in a stack of its own': management,
  'tokens in every prop that takes them': (app: App) => new TokensStack(app, 'Vendor'),
} satisfies Readonly<Record<string, (app: App) => unknown>>;

/** The kind of a consumer app. */
export type ConsumerApp = keyof typeof CONSUMER_APPS;
