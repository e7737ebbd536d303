import { CONNECT, type Route } from './route.ts';

/** Partition, region, account, API and stage: no part may hold what a policy would read as a wildcard, or a `/`. */
const METHOD_ARN = /^(arn:[\w-]+:execute-api:[\w-]*:\w*:[\w-]+\/[\w$-]+)\//;

/** The last stage that was asked about, alone and with the `/` behind it. */
let last = { stageArn: '', start: '' };

/**
 * The stage of a `methodArn` or `routeArn`: `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE`. The route behind it is
 * the caller's choice and is left out. `undefined` where the value is no such ARN.
 *
 * An environment mostly serves one stage, and to compare with it takes a third of the time of reading the ARN.
 */
export function stageArnOf(methodArn: unknown): string | undefined {
  if (typeof methodArn !== 'string') return undefined;
  if (last.start !== '' && methodArn.slice(0, last.start.length) === last.start) return last.stageArn;
  const stageArn = METHOD_ARN.exec(methodArn)?.[1];
  if (stageArn !== undefined) last = { stageArn, start: `${stageArn}/` };
  return stageArn;
}

/** The route that a `methodArn` or `routeArn` asks for. What is no route reads as one that no pattern covers. */
export function routeOf(methodArn: unknown): Route {
  const end = routeEndOf(methodArn);
  return (end === CONNECT ? end : end.replace('/', ' /')) as Route;
}

/** Whether a `methodArn` is of a WebSocket API's `$connect`. */
export function isConnectArn(methodArn: unknown): boolean {
  return typeof methodArn === 'string' && methodArn.endsWith(CONNECT) && routeEndOf(methodArn) === CONNECT;
}

function routeEndOf(methodArn: unknown): string {
  const stageArn = stageArnOf(methodArn);
  return typeof methodArn === 'string' && stageArn !== undefined ? methodArn.slice(stageArn.length + 1) : '';
}
