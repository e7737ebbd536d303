import { Annotations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Warns that an HTTP API with cached simple responses refuses keys with `allowedIps`. Such a key may be issued long after
 * the deployment, so the synthesis can't reject the settings.
 */
export function warnOfCachedAnswers(owner: IConstruct): void {
  Annotations.of(owner).addWarningV2(
    'latchkey:allowedIps',
    'httpApiResponse: expected "iam", or a resultsCacheTtl of 0, for keys with allowedIps, got cached simple responses: API ' +
      'Gateway would reuse a response for other addresses, so the authorizer refuses these keys with IP_FORBIDDEN. Acknowledge ' +
      'this warning if no key has allowedIps (docs/responses.md, IP addresses).',
  );
}
