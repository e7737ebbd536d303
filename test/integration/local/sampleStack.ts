import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemplateJson } from '../../support/gateway.ts';

const ref = (name: string) => ({ Ref: name });
const getArn = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const getUri = (name: string) => ({
  'Fn::Join': [
    '',
    ['arn:', ref('AWS::Partition'), ':apigateway:us-east-1:lambda:path/x/functions/', getArn(name), '/invocations'],
  ],
});

/** An authorizer that selects its response by the token. `context.count` is the number of invocations so far. */
const AUTHORIZER = `
let count = 0;
const policy = (effect, resource, context) => ({
  principalId: 'somebody',
  policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: resource }] },
  context,
});
export const handler = async (event, { awsRequestId }) => {
  count++;
  const headers = Object.entries(event.headers ?? {});
  const token = event.authorizationToken ?? headers.find(([name]) => name.toLowerCase() === 'authorization')[1];
  const arn = event.methodArn ?? event.routeArn;
  const answers = {
    allow: () => policy('Allow', '*', { count, yes: true, table: process.env.LATCHKEY_TABLE, hasId: awsRequestId.length === 36 }),
    deny: () => policy('Deny', '*', { errorCode: 'NO' }),
    thisRoute: () => policy('Allow', arn, { count }),
    counted: () => ({ ...policy('Allow', '*', { count }), usageIdentifierKey: 'i'.repeat(20) }),
    countedTooLong: () => ({ ...policy('Allow', '*', { count }), usageIdentifierKey: 'i'.repeat(129) }),
    countedTooShort: () => ({ ...policy('Allow', '*', { count }), usageIdentifierKey: 'i'.repeat(19) }),
    countedByNumber: () => ({ ...policy('Allow', '*', { count }), usageIdentifierKey: 1e20 }),
    nested: () => policy('Allow', '*', { list: [1] }),
    event: () => policy('Allow', '*', { event: JSON.stringify(event) }),
    noPrincipal: () => ({ ...policy('Allow', '*'), principalId: undefined }),
    noPolicy: () => ({ principalId: 'somebody' }),
    simpleAllow: () => ({ isAuthorized: true, context: { count, list: [1] } }),
    simpleDeny: () => ({ isAuthorized: false }),
    once: () => policy(count === 1 ? 'Allow' : 'Deny', '*', {}),
    unauthorized: () => { throw new Error('Unauthorized'); },
    almost: () => { throw new Error('Unauthorized.'); },
    spin: () => { for (;;); },
    die: () => process.exit(1),
    slow: () => new Promise((resolve) => setTimeout(resolve, 300)).then(() => policy('Allow', '*', { count })),
  };
  return answers[token.replace('Bearer ', '').split(',')[0]]();
};`;

const ECHO = `
export const handler = async (event) => {
  if (event.headers['x-broken'] ?? event.headers['X-Broken']) return { statusCode: 'no' };
  console.log('echo was here');
  return { statusCode: 201, headers: { 'X-Echo': 'yes' }, body: JSON.stringify(event) };
};`;

/** An integration of $connect that selects the subprotocol `chat`. */
const CONNECT = `
export const handler = async ({ headers, requestContext }) => {
  const offered = Object.entries(headers).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')[1].split(/, */);
  if (offered.includes('refused')) return { statusCode: 400 };
  if (offered.includes('broken')) return {};
  const isChat = offered.includes('chat') && requestContext.authorizer.principalId === 'somebody';
  return { statusCode: 200, headers: isChat ? { 'sec-websocket-protocol': 'chat', 'X-Other': 'yes' } : {} };
};`;

export interface SampleOptions {
  readonly resultTtlSeconds?: number;
  readonly simpleResponses?: boolean;
  readonly tokenPattern?: string;
}

/** Writes a template with one API of each type, its manifest and its functions. Returns the template's path. */
export async function writeSampleStack(options: SampleOptions = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-sample-'));
  await writeAsset(directory, 'asset.a', AUTHORIZER);
  await writeAsset(directory, 'asset.b', ECHO);
  await writeAsset(directory, 'asset.c', CONNECT);
  const file = (path: string, objectKey: string) => ({ source: { path }, destinations: { here: { objectKey } } });
  const manifest = {
    files: { a: file('asset.a', 'a.zip'), b: file('asset.b', 'b.zip'), c: file('asset.c', 'c.zip') },
  };
  await writeFile(join(directory, 'Sample.assets.json'), JSON.stringify(manifest));
  const template = join(directory, 'Sample.template.json');
  await writeFile(template, JSON.stringify({ Resources: resources(options) }));
  return template;
}

/** Returns a function that sets properties of one resource in a template. */
export function setProperties(id: string, properties: object) {
  return ({ Resources }: TemplateJson): void => {
    Object.assign(Resources[id]?.Properties ?? {}, properties);
  };
}

async function writeAsset(directory: string, name: string, source: string): Promise<void> {
  await mkdir(join(directory, name));
  await writeFile(join(directory, name, 'index.mjs'), source);
}

function resources(options: SampleOptions) {
  const definitions = {
    ...sharedResources(),
    ...restResources(options),
    ...httpResources(options),
    ...webSocketResources(),
  };
  return Object.fromEntries(
    Object.entries(definitions).map(([id, [type, properties]]) => [
      id,
      { Type: `AWS::${type}`, Properties: properties },
    ]),
  );
}

type Definitions = Record<string, readonly [type: string, properties: object]>;

function sharedResources(): Definitions {
  const code = (key: string) => ({ Code: { S3Key: key }, Handler: 'index.handler', Timeout: 1 });
  return {
    Keys: ['DynamoDB::Table', {}],
    Check: ['Lambda::Function', { ...code('a.zip'), Environment: { Variables: { LATCHKEY_TABLE: ref('Keys') } } }],
    Echo: ['Lambda::Function', code('b.zip')],
    Connect: ['Lambda::Function', code('c.zip')],
    // The CDK adds such functions for its own use. The gateway must ignore their unsupported properties.
    Custom: ['Lambda::Function', { Code: { ZipFile: 'exports.handler = 1' }, Handler: { 'Fn::ImportValue': 'x' } }],
  };
}

function restResources({ resultTtlSeconds = 0, tokenPattern }: SampleOptions): Definitions {
  const api = { RestApiId: ref('Rest') };
  const authorizer = {
    ...api,
    AuthorizerUri: getUri('Check'),
    AuthorizerResultTtlInSeconds: resultTtlSeconds,
    IdentitySource: 'method.request.header.Authorization',
  };
  const method = (resource: string, authorizerId: string) => ({
    ...api,
    HttpMethod: 'GET',
    ResourceId: ref(resource),
    AuthorizationType: 'CUSTOM',
    AuthorizerId: ref(authorizerId),
    Integration: { Type: 'AWS_PROXY', Uri: getUri('Echo') },
  });
  return {
    Rest: ['ApiGateway::RestApi', {}],
    Stage: ['ApiGateway::Stage', { ...api, StageName: 'prod' }],
    Token: ['ApiGateway::Authorizer', { ...authorizer, Type: 'TOKEN', IdentityValidationExpression: tokenPattern }],
    Request: ['ApiGateway::Authorizer', { ...authorizer, Type: 'REQUEST' }],
    TokenPath: [
      'ApiGateway::Resource',
      { ...api, ParentId: { 'Fn::GetAtt': ['Rest', 'RootResourceId'] }, PathPart: 'token' },
    ],
    ItemPath: ['ApiGateway::Resource', { ...api, ParentId: ref('TokenPath'), PathPart: '{id}' }],
    RequestPath: [
      'ApiGateway::Resource',
      { ...api, ParentId: { 'Fn::GetAtt': ['Rest', 'RootResourceId'] }, PathPart: 'request' },
    ],
    TokenMethod: ['ApiGateway::Method', method('TokenPath', 'Token')],
    ItemMethod: ['ApiGateway::Method', method('ItemPath', 'Token')],
    RequestMethod: ['ApiGateway::Method', method('RequestPath', 'Request')],
    Options: [
      'ApiGateway::Method',
      {
        ...api,
        HttpMethod: 'OPTIONS',
        ResourceId: ref('TokenPath'),
        AuthorizationType: 'NONE',
        Integration: {
          Type: 'MOCK',
          IntegrationResponses: [
            { StatusCode: '204', ResponseParameters: { 'method.response.header.Access-Control-Allow-Origin': "'*'" } },
          ],
        },
      },
    ],
    Denied: [
      'ApiGateway::GatewayResponse',
      {
        ...api,
        ResponseType: 'ACCESS_DENIED',
        ResponseTemplates: { 'application/json': '{"code":"$context.authorizer.errorCode"}' },
        ResponseParameters: { 'gatewayresponse.header.X-Denied': "'yes'" },
      },
    ],
  };
}

function httpResources({ resultTtlSeconds = 0, simpleResponses = false }: SampleOptions): Definitions {
  const api = { ApiId: ref('Http') };
  const route = (routeKey: string) => ({
    ...api,
    RouteKey: routeKey,
    AuthorizationType: 'CUSTOM',
    AuthorizerId: ref('HttpCheck'),
    Target: { 'Fn::Join': ['', ['integrations/', ref('HttpEcho')]] },
  });
  return {
    Http: [
      'ApiGatewayV2::Api',
      {
        ProtocolType: 'HTTP',
        CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: ['GET'], MaxAge: 60 },
      },
    ],
    HttpStage: ['ApiGatewayV2::Stage', { ...api, StageName: '$default' }],
    HttpCheck: [
      'ApiGatewayV2::Authorizer',
      {
        ...api,
        AuthorizerType: 'REQUEST',
        AuthorizerPayloadFormatVersion: '2.0',
        AuthorizerResultTtlInSeconds: resultTtlSeconds,
        EnableSimpleResponses: simpleResponses,
        IdentitySource: ['$request.header.Authorization'],
        AuthorizerUri: getUri('Check'),
      },
    ],
    HttpEcho: [
      'ApiGatewayV2::Integration',
      { ...api, IntegrationType: 'AWS_PROXY', IntegrationUri: getArn('Echo'), PayloadFormatVersion: '2.0' },
    ],
    HttpRoute: ['ApiGatewayV2::Route', route('GET /echo')],
    ItemRoute: ['ApiGatewayV2::Route', route('GET /items/{id}')],
  };
}

function webSocketResources(): Definitions {
  const api = { ApiId: ref('Ws') };
  const route = (routeKey: string, more: object) => ({ ...api, RouteKey: routeKey, ...more });
  return {
    Ws: ['ApiGatewayV2::Api', { ProtocolType: 'WEBSOCKET', RouteSelectionExpression: '$request.body.action' }],
    WsStage: ['ApiGatewayV2::Stage', { ...api, StageName: 'prod', StageVariables: { tenant: 'blue' } }],
    WsCheck: [
      'ApiGatewayV2::Authorizer',
      {
        ...api,
        AuthorizerType: 'REQUEST',
        IdentitySource: ['route.request.header.Authorization'],
        AuthorizerUri: getUri('Check'),
      },
    ],
    WsConnect: [
      'ApiGatewayV2::Route',
      route('$connect', {
        AuthorizationType: 'CUSTOM',
        AuthorizerId: ref('WsCheck'),
        Target: { 'Fn::Join': ['', ['integrations/', ref('WsConnectIntegration')]] },
      }),
    ],
    WsConnectIntegration: [
      'ApiGatewayV2::Integration',
      { ...api, IntegrationType: 'AWS_PROXY', IntegrationUri: getUri('Connect') },
    ],
    WsDefault: ['ApiGatewayV2::Route', route('$default', { AuthorizationType: 'NONE' })],
  };
}
