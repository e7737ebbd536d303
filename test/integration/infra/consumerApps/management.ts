import { type App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { ApiMapping, DomainName } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { ApiKeyAuthorizer, ApiKeyTable, ApiKeyUsage, KeyManagementApi, LimitPeriod } from '../../../../infra/index.ts';

/** A stack of keys, and a stack in which operators, customers with a token and customers of the portal manage them. */
export const management = (app: App) => {
  const keys = new Stack(app, 'Shop');
  const table = new ApiKeyTable(keys, 'Keys');
  const authorizer = new ApiKeyAuthorizer(keys, 'Authorizer', {
    table,
    keyPrefixes: ['shop_'],
    plans: { free: { enforce: 'authorizer', quota: { limit: 1000, period: LimitPeriod.DAY } } },
  });
  const usage = new ApiKeyUsage(keys, 'Usage', { authorizer });

  const stack = new Stack(app, 'ShopManagement');
  const managed = new KeyManagementApi(stack, 'Management', {
    table,
    authorizer,
    usage,
    owners: { issuer: 'https://shop.example/', audience: ['shop'], orgClaim: 'https://shop.example/organisation' },
    portal: { name: 'Shop', accentColor: '#7a1fa2', returnOrigins: ['https://shop.example'] },
    ownerRules: { scopes: ['orders:read'], plans: ['free'], maxLifetime: Duration.days(90), maxKeysPerOwner: 5 },
    corsOrigins: ['https://shop.example'],
  });
  const certificate = Certificate.fromCertificateArn(
    stack,
    'Certificate',
    'arn:aws:acm:eu-west-1:123456789012:certificate/1b2c',
  );
  const domainName = new DomainName(stack, 'Domain', { domainName: 'keys.shop.example', certificate });
  new ApiMapping(stack, 'Mapping', { api: managed.api, stage: managed.stage, domainName });
  managed.grantInvoke(new Role(stack, 'Support', { assumedBy: new AccountPrincipal(stack.account) }));
  new CfnOutput(stack, 'KeyManagementUrl', { value: managed.url });
};
