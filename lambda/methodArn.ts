import { CONNECT, GRAPHQL, type Route } from './route.ts';

/**
 * Partition, Region, account, API and stage. No part may contain `/` or a character that a policy reads as a wildcard. An account has
 * 12 digits at AWS, but serverless-offline calls it `random-account-id`.
 */
const METHOD_ARN = /^(arn:[\w-]+:execute-api:[\w-]*:[\w-]*:[\w-]+\/[\w$-]+)\//;

/** The last ARN that was asked about, and its stage, alone and with the `/` behind it. */
let last: { arn: string; readonly stageArn: string; readonly start: string } | undefined;

/**
 * The stage of a `methodArn` or `routeArn`: `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE`. The route behind it is
 * the caller's choice and is left out. `undefined` where the value is no such ARN.
 *
 * An event's ARN is asked about more than once, and an environment mostly serves one stage: to compare with the last takes less
 * than to read the ARN.
 */
export function stageArnOf(methodArn: unknown): string | undefined {
  if (typeof methodArn !== 'string') return undefined;
  if (methodArn === last?.arn) return last.stageArn;
  if (last !== undefined && methodArn.slice(0, last.start.length) === last.start) {
    last.arn = methodArn;
    return last.stageArn;
  }
  const stageArn = METHOD_ARN.exec(methodArn)?.[1];
  if (stageArn !== undefined) last = { arn: methodArn, stageArn, start: `${stageArn}/` };
  return stageArn;
}

/**
 * The route that the ARN of an API of methods asks for. What is no such route reads as one that no pattern covers, and so does one
 * that is called as the route of a WebSocket API or of AppSync: a method of that name would be the caller's invention.
 */
export function routeOf(methodArn: unknown): Route {
  const route = routeEndOf(methodArn).replace('/', ' /');
  return (route === CONNECT || route === GRAPHQL ? '' : route) as Route;
}

/** Whether a `methodArn` is of a WebSocket API's `$connect`. */
export function isConnectArn(methodArn: unknown): boolean {
  return typeof methodArn === 'string' && methodArn.endsWith(CONNECT) && routeEndOf(methodArn) === CONNECT;
}

function routeEndOf(methodArn: unknown): string {
  const stageArn = stageArnOf(methodArn);
  return typeof methodArn === 'string' && stageArn !== undefined ? methodArn.slice(stageArn.length + 1) : '';
}
