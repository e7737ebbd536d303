import { type App, Stack } from 'aws-cdk-lib';
import {
  DomainName as RestDomainName,
  EndpointType,
  MockIntegration,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import { DomainName, HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGateway, ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** A REST API and an HTTP API behind custom domains. The execute-api endpoint of the REST API is off. */
export function customDomain(app: App): void {
  const stack = new Stack(app, 'Domains', { env: { account: '123456789012', region: 'eu-west-1' } });
  const certificate = Certificate.fromCertificateArn(
    stack,
    'Cert',
    'arn:aws:acm:eu-west-1:123456789012:certificate/abc',
  );
  const zone = HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName: 'shop.example' });
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys') });

  const rest = new RestApi(stack, 'Rest', {
    disableExecuteApiEndpoint: true,
    domainName: {
      domainName: 'api.shop.example',
      certificate,
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    },
    defaultMethodOptions: { authorizer: authorizer.forRestApi() },
  });
  rest.root.addResource('orders').addMethod('GET', new MockIntegration());
  authorizer.addGatewayResponses(rest);
  new ARecord(stack, 'RestRecord', { zone, recordName: 'api', target: RecordTarget.fromAlias(new ApiGateway(rest)) });

  const legacy = new RestDomainName(stack, 'Legacy', { domainName: 'legacy.shop.example', certificate });
  legacy.addBasePathMapping(rest, { basePath: 'v1' });

  const domainName = new DomainName(stack, 'HttpDomain', { domainName: 'http.shop.example', certificate });
  const http = new HttpApi(stack, 'Http', { defaultDomainMapping: { domainName, mappingKey: 'stock' } });
  http.addRoutes({
    path: '/stock',
    methods: [HttpMethod.GET],
    integration: new HttpUrlIntegration('Backend', 'https://backend.example'),
    authorizer: authorizer.forHttpApi(),
  });
  const { regionalDomainName, regionalHostedZoneId } = domainName;
  const target = RecordTarget.fromAlias(new ApiGatewayv2DomainProperties(regionalDomainName, regionalHostedZoneId));
  new ARecord(stack, 'HttpRecord', { zone, recordName: 'http', target });
}
