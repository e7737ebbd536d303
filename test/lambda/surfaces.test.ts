import { expect, test } from '@jest/globals';
import {
  appSyncEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';

const BUCKET = 'arn:aws:s3:::bucket/GET/orders';
const { methodArn } = restTokenEvent();

test.each([
  ['rest-token', restTokenEvent],
  ['rest-request', restRequestEvent],
  ['http-api', httpApiEvent],
  ['http-api-1.0', httpApiV1Event],
  ['websocket', webSocketEvent],
  ['appsync', appSyncEvent],
])('%s is what the log calls the surface of a request', async (surface, makeEvent) => {
  const { invoke, logged } = handlerUnderTest([]);
  await invoke(makeEvent({ key: 'sk_nonsense' }));
  expect(logged()).toEqual([expect.objectContaining({ code: 'INVALID_KEY', surface })]);
});

test.each([
  ['a TOKEN event with text before its ARN', { ...restTokenEvent(), methodArn: `x${methodArn}` }],
  ['an HTTP API event of another type', { ...httpApiEvent(), type: 'OTHER' }],
  ['an HTTP API event with an ARN of another service', { ...httpApiEvent(), routeArn: BUCKET }],
  ['an HTTP API event of format 1.0 and of another type', { ...httpApiV1Event(), type: 'OTHER' }],
  ['an HTTP API event of format 1.0 with an ARN of another service', { ...httpApiV1Event(), methodArn: BUCKET }],
  ['a WebSocket event of another type', { ...webSocketEvent(), type: 'OTHER' }],
  ['a WebSocket event with a payload version', { ...webSocketEvent(), version: '2.0' }],
  ['an AppSync event without an API', { ...appSyncEvent(), requestContext: {} }],
  ['an AppSync event without a context', { ...appSyncEvent(), requestContext: undefined }],
  ['an AppSync event with null for its context', { ...appSyncEvent(), requestContext: null }],
  ['an AppSync event with a text for its context', { ...appSyncEvent(), requestContext: 'apiId' }],
  ['null', null],
])('%s is of no surface', async (_, event) => {
  await expect(handlerUnderTest([]).invoke(event)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
});
