import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, ResponseType, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';

const RESPONSE = 'AWS::ApiGateway::GatewayResponse';
const OWN = { type: ResponseType.ACCESS_DENIED, templates: { 'application/json': '{"mine":true}' } };

function withApis(...ids: string[]) {
  const stack = new Stack(new App(), 'Test');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys') });
  const apis = ids.map((id) => {
    const api = new RestApi(stack, id);
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi(`${id}Authorizer`) });
    return api;
  });
  return { stack, authorizer, apis };
}

function withApi() {
  const { stack, authorizer, apis } = withApis('Api');
  const [api = new RestApi(stack, 'Never')] = apis;
  return { stack, authorizer, api };
}

const responsesOf = (stack: Stack) =>
  Object.values(Template.fromStack(stack).findResources(RESPONSE)).map(({ Properties }) => Properties);

test('a response that the API has already is kept, and the others are added', () => {
  const { stack, authorizer, api } = withApi();
  api.addGatewayResponse('Mine', OWN);
  authorizer.addGatewayResponses(api);
  const responses = responsesOf(stack);
  const denials = responses.filter(({ ResponseType: type }) => type === 'ACCESS_DENIED');
  expect(denials).toEqual([expect.objectContaining({ ResponseTemplates: OWN.templates })]);
  expect(responses.map(({ ResponseType: type }) => type)).toContain('UNAUTHORIZED');
});

test('one that is added for the same type later fails the synthesis, and the message says what to do', () => {
  const { stack, authorizer, api } = withApi();
  authorizer.addGatewayResponses(api);
  api.addGatewayResponse('Mine', OWN);
  expect(() => Template.fromStack(stack)).toThrow(/second gateway response ACCESS_DENIED, wanted yours before/);
});

test('the responses of one API are no reason to leave out those of another', () => {
  const { stack, authorizer, apis } = withApis('One', 'Two');
  for (const api of apis) authorizer.addGatewayResponses(api);
  const types = responsesOf(stack).map(({ ResponseType: type }) => type);
  expect(types.filter((type) => type === 'ACCESS_DENIED')).toHaveLength(2);
});
