import { Aspects, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import {
  CfnRoute,
  CfnStage,
  WebSocketApi,
  type WebSocketApiProps,
  WebSocketApiKeySelectionExpression,
  WebSocketRoute,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { describe, expect, test } from '@jest/globals';
import { authorizerUnderTest, problemOf, type AuthorizerProps } from './authorizerUnderTest.ts';
import { PLANS, resourcesOf, USAGE_PLAN } from './plansUnderTest.ts';

const ROUTE = 'AWS::ApiGatewayV2::Route';
const createIntegration = () => new WebSocketMockIntegration('Integration');

function webSocketApiUnderTest(props: AuthorizerProps = { plans: PLANS }, apiProps: WebSocketApiProps = {}) {
  const { stack, authorizer } = authorizerUnderTest(props);
  const integration = createIntegration();
  const connectRouteOptions = { integration, authorizer: authorizer.forWebSocketApi() };
  const api = new WebSocketApi(stack, 'Socket', { connectRouteOptions, ...apiProps });
  const addStage = (stageName: string, webSocketApi = api) =>
    new WebSocketStage(stack, `Stage-${stageName}`, { webSocketApi, stageName });
  return { stack, authorizer, api, addStage, integration };
}

const routesOf = (stack: Stack) =>
  Object.fromEntries(
    resourcesOf(Template.fromStack(stack), ROUTE).map(({ properties }) => [
      properties.RouteKey,
      properties.ApiKeyRequired,
    ]),
  );

const stagesIn = (stack: Stack) =>
  resourcesOf(Template.fromStack(stack), USAGE_PLAN).map(({ properties }) => properties.ApiStages);

describe('applyPlans of a WebSocket API', () => {
  test('makes the API read the usage identifier from its authorizer', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    addStage('prod');
    authorizer.applyPlans(api);
    Template.fromStack(stack).hasResourceProperties('AWS::ApiGatewayV2::Api', {
      ApiKeySelectionExpression: '$context.authorizer.usageIdentifierKey',
    });
  });

  test('requires an API key on $connect and leaves other routes unchanged', () => {
    const { stack, authorizer, api, addStage, integration } = webSocketApiUnderTest();
    addStage('prod');
    authorizer.applyPlans(api);
    api.addRoute('say', { integration });
    new WebSocketRoute(stack, 'Count', { webSocketApi: api, routeKey: 'count', integration, apiKeyRequired: true });
    expect(routesOf(stack)).toEqual({ $connect: true, say: undefined, count: true });
  });

  test('leaves $connect unchanged if it sets apiKeyRequired itself or belongs to another API', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    addStage('prod');
    authorizer.applyPlans(api);
    const exempt = api.node.findAll().find((node) => node instanceof CfnRoute);
    if (exempt !== undefined) exempt.apiKeyRequired = false;
    const other = new WebSocketApi(stack, 'Other', {
      connectRouteOptions: { integration: createIntegration(), authorizer: authorizer.forWebSocketApi() },
    });
    expect(resourcesOf(Template.fromStack(stack), ROUTE).map(({ properties }) => properties.ApiKeyRequired)).toEqual([
      false,
      undefined,
    ]);
    expect(other.apiId).not.toBe(api.apiId);
  });

  test('adds every stage to every plan after the stage exists, including stages that you create later', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    addStage('before');
    authorizer.applyPlans(api);
    addStage('after');
    const template = Template.fromStack(stack);
    const [id] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    const expected = ['before', 'after'].map((Stage) => ({ ApiId: { Ref: id }, Stage }));
    expect(stagesIn(stack)).toEqual([expected, expected, expected]);
    const stages = Object.keys(template.findResources('AWS::ApiGatewayV2::Stage'));
    for (const { DependsOn } of Object.values(template.findResources(USAGE_PLAN)))
      expect(DependsOn).toEqual(expect.arrayContaining(stages));
  });

  test('shares the plans with a REST API', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    addStage('prod');
    const rest = new RestApi(stack, 'Rest', { cloudWatchRole: false });
    rest.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.applyPlans(rest);
    authorizer.applyPlans(api);
    for (const stages of stagesIn(stack)) expect(stages).toHaveLength(2);
  });

  test.each([
    ['only the named stages', false, 2],
    ['every stage, including later ones, if one call omits the option', true, 3],
  ])('adds the stages of several calls: %s', (_, hasAll, count) => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    const [first, second] = [addStage('first'), addStage('second')];
    authorizer.applyPlans(api, { stages: [first] });
    authorizer.applyPlans(api, { stages: [second] });
    if (hasAll) authorizer.applyPlans(api);
    if (hasAll) addStage('later');
    for (const stages of stagesIn(stack)) expect(stages).toHaveLength(count);
  });

  test('fails the synthesis if the option stages omits a stage', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    addStage('forgotten');
    authorizer.applyPlans(api, { stages: [addStage('named')] });
    expect(() => Template.fromStack(stack)).toThrow(
      /applyPlans: Test\/Stage-forgotten\/Resource: expected .+, got a stage in no plan/,
    );
  });

  test('fails the synthesis for a CfnStage', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    addStage('prod');
    authorizer.applyPlans(api);
    new CfnStage(stack, 'Raw', { apiId: api.apiId, stageName: 'raw' });
    expect(() => Template.fromStack(stack)).toThrow(/applyPlans: Test\/Raw: expected .+, got a stage in no plan/);
  });

  test('fails the synthesis if an aspect removes the API key requirement of $connect', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    addStage('prod');
    authorizer.applyPlans(api);
    const forget = (node: unknown) => {
      if (node instanceof CfnRoute) node.apiKeyRequired = undefined;
    };
    Aspects.of(api).add({ visit: forget }, { priority: 900 });
    expect(() => Template.fromStack(stack)).toThrow(/expected apiKeyRequired to be set, got a route that no plan/);
  });

  test('fails the synthesis if $connect requires an API key without an authorizer', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest(undefined, {
      connectRouteOptions: { integration: createIntegration() },
    });
    addStage('prod');
    const route = api.node.findAll().find((node) => node instanceof CfnRoute);
    if (route !== undefined) route.apiKeyRequired = true;
    authorizer.applyPlans(api);
    expect(() => Template.fromStack(stack)).toThrow(
      /applyPlans: Test\/Socket\/\$connect-Route\/Resource: expected an authorizer from forWebSocketApi, got /,
    );
  });

  test('rejects a stage of another API', () => {
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest();
    const foreign = addStage('foreign', new WebSocketApi(stack, 'Other'));
    const rest = new RestApi(stack, 'Rest', { cloudWatchRole: false });
    rest.root.addMethod('GET', new MockIntegration());
    for (const stage of [foreign, rest.deploymentStage]) {
      expect(problemOf(() => authorizer.applyPlans(api, { stages: [stage] }))).toMatch(
        /^applyPlans: stages: expected stages of this WebSocket API, got Test\/.+, a stage of another one$/,
      );
    }
    expect(problemOf(() => authorizer.applyPlans(rest, { stages: [foreign] }))).toMatch(
      /^applyPlans: stages: expected stages of this REST API, got Test\/Stage-foreign, a stage of another one$/,
    );
  });

  test('rejects an API without a stage', () => {
    const { authorizer, api } = webSocketApiUnderTest();
    expect(problemOf(() => authorizer.applyPlans(api))).toMatch(
      /^applyPlans: expected a WebSocketStage .+, got a WebSocket API without a stage$/,
    );
  });

  test('rejects an API that reads API keys from a header, and leaves the API and the plans unchanged', () => {
    const apiKeySelectionExpression = WebSocketApiKeySelectionExpression.HEADER_X_API_KEY;
    const { stack, authorizer, api, addStage } = webSocketApiUnderTest(undefined, { apiKeySelectionExpression });
    addStage('prod');
    expect(problemOf(() => authorizer.applyPlans(api))).toMatch(
      /^applyPlans: expected .+usageIdentifierKey or none, got \$request\.header\.x-api-key$/,
    );
    expect(stagesIn(stack)).toEqual([undefined, undefined, undefined]);
    Template.fromStack(stack).hasResourceProperties('AWS::ApiGatewayV2::Api', {
      ApiKeySelectionExpression: '$request.header.x-api-key',
    });
  });
});
