/** Partition, region, account, API and stage: no part may hold what a policy would read as a wildcard. */
const METHOD_ARN = /^(arn:[\w-]+:execute-api:[\w-]*:\w*:[\w-]+\/[\w$-]+)\//;

/**
 * The stage of a `methodArn` or `routeArn`: `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE`. The route behind it is
 * the caller's choice and is left out. `undefined` where the value is no such ARN.
 */
export function stageArnOf(methodArn: unknown): string | undefined {
  return typeof methodArn === 'string' ? METHOD_ARN.exec(methodArn)?.[1] : undefined;
}
