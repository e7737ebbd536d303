import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import type { Decision } from './authorize.ts';
import { contextOf, principalIdOf } from './context.ts';
import { stageArnOf } from './methodArn.ts';
import { UNAUTHORIZED } from './surfaces/surface.ts';

/**
 * The decision as an IAM policy. The gateway's cache reuses it on other routes, so it speaks of the key and of every
 * route of the stage, never of the route that was asked for.
 */
export function policyOf(decision: Decision, methodArn: unknown): APIGatewayAuthorizerResult | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  return {
    principalId: principalIdOf(decision),
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 'execute-api:Invoke',
          Effect: decision.effect === 'allow' ? 'Allow' : 'Deny',
          Resource: `${stageArnOf(methodArn)}/*`,
        },
      ],
    },
    context: contextOf(decision),
  };
}
