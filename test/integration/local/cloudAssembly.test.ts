import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, beforeAll, describe } from '@jest/globals';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, ParameterMapping, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AuthorizationType, Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { readCloudAssembly, type CloudAssembly } from '../../../local/cloudAssembly.ts';
import { GatewayError } from '../../../local/gatewayError.ts';
import { writeTemplateVariant } from '../../support/gateway.ts';
import { writeSampleStack } from './sampleStack.ts';

describe("readCloudAssembly on the output of the CDK's constructs", () => {
  let assembly: CloudAssembly;
  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-cdk-'));
    const app = new App({ outdir: join(directory, 'out') });
    defineApis(new Stack(app, 'Stack'), directory);
    app.synth();
    assembly = await readCloudAssembly(join(directory, 'out', 'Stack.template.json'));
  });

  test('returns the authorizer and the removed parameters of an HTTP API', () => {
    const [api] = assembly.httpApis;
    expect([...(api?.authorizers.values() ?? [])]).toMatchObject([
      { payloadVersion: '1.0', identitySources: ['$request.header.Authorization'], resultTtlSeconds: 300 },
    ]);
    expect(api?.routes[0]?.integration).toMatchObject({
      removedParameters: new Set(['header.authorization', 'querystring.api_key']),
    });
  });

  test('returns the authorizer of a WebSocket API', () => {
    const [api] = assembly.webSocketApis;
    expect(api).toMatchObject({
      stageName: 'prod',
      authorizer: { type: 'REQUEST', identitySources: ['route.request.header.Authorization'], resultTtlSeconds: 0 },
    });
  });

  test("resolves references to APIs in a function's environment variables", () => {
    const described = [...assembly.functions.values()].find(({ name }) => name.startsWith('Described'));
    expect(described?.environment).toEqual({
      SOCKET_URL: `wss://${assembly.webSocketApis[0]?.id}.execute-api.us-east-1.amazonaws.com/prod`,
      API_ID: expect.stringMatching(/^Graphql/),
      API_ARN: `arn:aws:appsync:us-east-1:000000000000:apis/${described?.environment['API_ID']}`,
      API_URL: expect.stringContaining(String(described?.environment['API_ID'])),
    });
  });
});

test.each([
  [{ RevocationDelaySeconds: { Value: '60' } }, 60],
  [{ Other: { Value: '60' } }, undefined],
  [undefined, undefined],
])('readCloudAssembly parses the outputs %j to the revocation delay %s', async (outputs, seconds) => {
  const template = await writeTemplateVariant(
    (json) => Object.assign(json, { Outputs: outputs }),
    await writeSampleStack(),
  );
  expect((await readCloudAssembly(template)).revocationDelaySeconds).toBe(seconds);
});

test('readCloudAssembly rejects a revocation delay that is not a number', async () => {
  const template = await writeTemplateVariant(
    (json) => Object.assign(json, { Outputs: { RevocationDelaySeconds: { Value: 'soon' } } }),
    await writeSampleStack(),
  );
  await expect(readCloudAssembly(template)).rejects.toThrow(GatewayError);
});

test('readCloudAssembly rejects a route whose authorizer is not in the template', async () => {
  const template = await writeTemplateVariant(
    ({ Resources }) => {
      delete Resources['Token'];
      Object.assign(Resources['TokenMethod']?.Properties ?? {}, { AuthorizerId: 'Elsewhere' });
    },
    await writeSampleStack(),
  );
  await expect(readCloudAssembly(template)).rejects.toThrow(GatewayError);
});

test('readCloudAssembly throws a GatewayError if the template is missing', async () => {
  await expect(readCloudAssembly('/nowhere/X.template.json')).rejects.toThrow(GatewayError);
});

function defineApis(stack: Stack, directory: string): void {
  const schema = join(directory, 'schema.graphql');
  writeFileSync(schema, 'type Query { a: String }');
  const code = Code.fromAsset(writeCode(join(directory, 'code')));
  const props = { code, handler: 'index.handler', runtime: Runtime.NODEJS_24_X };
  const handler = new LambdaFunction(stack, 'Handler', props);
  const described = new LambdaFunction(stack, 'Described', props);
  const httpApi = new HttpApi(stack, 'Http');
  const parameterMapping = new ParameterMapping().removeHeader('Authorization').removeQueryString('api_key');
  httpApi.addRoutes({
    path: '/a',
    integration: new HttpLambdaIntegration('A', described, { parameterMapping }),
    authorizer: new HttpLambdaAuthorizer('HttpAuthorizer', handler),
  });
  const webSocketApi = new WebSocketApi(stack, 'WebSocket', {
    connectRouteOptions: {
      integration: new WebSocketLambdaIntegration('Connect', handler),
      authorizer: new WebSocketLambdaAuthorizer('WebSocketAuthorizer', handler, {
        identitySource: ['route.request.header.Authorization'],
      }),
    },
    disconnectRouteOptions: { integration: new WebSocketLambdaIntegration('Disconnect', handler) },
    defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Messages', handler), returnResponse: true },
  });
  webSocketApi.addRoute('tell', { integration: new WebSocketLambdaIntegration('Tell', handler) });
  const webSocketStage = new WebSocketStage(stack, 'Live', { webSocketApi, stageName: 'prod', autoDeploy: true });
  const graphqlApi = new GraphqlApi(stack, 'Graphql', {
    name: 'graphql',
    definition: Definition.fromFile(schema),
    authorizationConfig: {
      defaultAuthorization: {
        authorizationType: AuthorizationType.LAMBDA,
        lambdaAuthorizerConfig: { handler, resultsCacheTtl: Duration.minutes(1), validationRegex: '^x' },
      },
    },
  });
  described.addEnvironment('SOCKET_URL', webSocketStage.url);
  described.addEnvironment('API_ID', graphqlApi.apiId);
  described.addEnvironment('API_ARN', graphqlApi.arn);
  described.addEnvironment('API_URL', graphqlApi.graphqlUrl);
}

function writeCode(directory: string): string {
  mkdirSync(directory);
  writeFileSync(join(directory, 'index.mjs'), 'export const handler = async () => ({});');
  return directory;
}
