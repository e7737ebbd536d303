import { describe, expect, test } from '@jest/globals';
import {
  createGatewayResponse,
  type GatewayResponseConfig,
  type GatewayResponseType,
} from '../../../local/gatewayReply.ts';

const context = { requestId: 'request-1', authorizer: { errorCode: 'KEY_EXPIRED' } };
const respond = (type: GatewayResponseType, responses: Record<string, Partial<GatewayResponseConfig>> = {}) =>
  createGatewayResponse(
    type,
    new Map(Object.entries(responses).map(([name, one]) => [name, { headers: {}, ...one }])),
    {
      context,
    },
  );

describe('createGatewayResponse without a configured response', () => {
  test.each([
    ['UNAUTHORIZED', 401, '{"message":"Unauthorized"}'],
    ['ACCESS_DENIED', 403, '{"Message":"User is not authorized to access this resource"}'],
    ['MISSING_AUTHENTICATION_TOKEN', 403, '{"message":"Missing Authentication Token"}'],
    ['AUTHORIZER_FAILURE', 500, '{"message":null}'],
    ['AUTHORIZER_CONFIGURATION_ERROR', 500, '{"message":null}'],
  ] as const)("returns API Gateway's body for %s with the status %i", (type, statusCode, body) => {
    expect(respond(type)).toMatchObject({ statusCode, body });
  });
});

test('createGatewayResponse prefers the response configured for the response type to DEFAULT_4XX', () => {
  const responses = { UNAUTHORIZED: { bodyTemplate: 'own' }, DEFAULT_4XX: { bodyTemplate: 'default' } };
  expect(respond('UNAUTHORIZED', responses).body).toBe('own');
  expect(respond('ACCESS_DENIED', responses).body).toBe('default');
});

test("createGatewayResponse keeps the response type's status unless DEFAULT_4XX or DEFAULT_5XX sets one", () => {
  expect(respond('ACCESS_DENIED', { DEFAULT_4XX: { bodyTemplate: '' } }).statusCode).toBe(403);
  expect(respond('AUTHORIZER_FAILURE', { DEFAULT_4XX: { statusCode: 418 } }).statusCode).toBe(500);
  expect(respond('AUTHORIZER_FAILURE', { DEFAULT_5XX: { statusCode: 503 } }).statusCode).toBe(503);
});

test.each([
  ['"$context.authorizer.errorCode"', '"KEY_EXPIRED"'],
  ['$context.error.message', 'User is not authorized to access this resource'],
  ['$context.error.messageString', '"User is not authorized to access this resource"'],
  ['$context.error.responseType', 'ACCESS_DENIED'],
  ['$context.requestId.', 'request-1.'],
  ['"$context.authorizer.unknown"', '""'],
  ['"$context.constructor"', '""'],
  ['$other', '$other'],
])('createGatewayResponse renders the body template %s as %s', (bodyTemplate, body) => {
  expect(respond('ACCESS_DENIED', { ACCESS_DENIED: { bodyTemplate } }).body).toBe(body);
});

test('createGatewayResponse uses the default message if the response lacks a body template', () => {
  const { headers, body } = respond('UNAUTHORIZED', { UNAUTHORIZED: { headers: { 'WWW-Authenticate': 'Bearer' } } });
  expect(headers).toContainEqual(['WWW-Authenticate', 'Bearer']);
  expect(headers).toContainEqual(['x-amzn-RequestId', 'request-1']);
  expect(body).toBe('{"message":"Unauthorized"}');
});
