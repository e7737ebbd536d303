import { policyOf } from '../policy.ts';
import { stageArnOf } from '../methodArn.ts';
import { valuesIn, type Surface } from './surface.ts';

/** A REST API's REQUEST authorizer. Header names come in the case that the client sent. */
export const restRequest: Surface = {
  name: 'rest-request',
  matches: (event) =>
    event['type'] === 'REQUEST' && event['version'] === undefined && stageArnOf(event['methodArn']) !== undefined,
  read: ({ multiValueHeaders, headers, multiValueQueryStringParameters, queryStringParameters }) => ({
    kind: 'request',
    header: (name) => valuesIn(multiValueHeaders, headers, name, { anyCase: true }),
    query: (name) => valuesIn(multiValueQueryStringParameters, queryStringParameters, name, { anyCase: false }),
  }),
  respond: (decision, event) => policyOf(decision, event['methodArn']),
};
