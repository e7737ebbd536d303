import { CONNECT, type Route } from './route.ts';

/** Partition, region, account, API and stage: no part may hold what a policy would read as a wildcard. */
const METHOD_ARN = /^(arn:[\w-]+:execute-api:[\w-]*:\w*:[\w-]+\/[\w$-]+)\/(.*)$/s;

/**
 * The stage of a `methodArn` or `routeArn`: `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE`. The route behind it is
 * the caller's choice and is left out. `undefined` where the value is no such ARN.
 */
export function stageArnOf(methodArn: unknown): string | undefined {
  return typeof methodArn === 'string' ? METHOD_ARN.exec(methodArn)?.[1] : undefined;
}

/** The route that a `methodArn` or `routeArn` asks for. What is no route reads as one that no pattern covers. */
export function routeOf(methodArn: unknown): Route {
  const end = typeof methodArn === 'string' ? METHOD_ARN.exec(methodArn)?.[2] : undefined;
  if (end === undefined || end === CONNECT) return (end ?? '') as Route;
  return end.replace('/', ' /') as Route;
}
