import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CALL_TIMEOUT_MS } from '../keys/callLimits.ts';
import { withinMs } from '../keys/storeFault.ts';
import { accountConfig, type AwsAccount } from './awsAccount.ts';
import { awsAdvice, failureOf, isUnreachable, type Failure } from './awsAdvice.ts';
import { CliError } from './cliError.ts';

/**
 * The ARN of whoever calls AWS with the account's credentials. IAM grants the question to everybody (AWS STS API
 * Reference, GetCallerIdentity).
 *
 * @throws CliError `ACTOR_UNKNOWN`, saying what to do
 */
export async function callerArn(account: AwsAccount): Promise<string> {
  const client = new STSClient(accountConfig(account));
  try {
    const { Arn } = await withinMs(CALL_TIMEOUT_MS, (abortSignal) =>
      client.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
    if (Arn) return Arn;
  } catch (cause) {
    throw unknown(reasonOf(failureOf(cause)), cause);
  } finally {
    client.destroy();
  }
  throw unknown('AWS STS names no ARN');
}

function reasonOf(failure: Failure): string {
  const advice = awsAdvice(failure);
  if (advice !== undefined) return advice;
  if (isUnreachable(failure)) return `AWS STS cannot be reached (${failure.code || 'no answer in time'})`;
  return `AWS STS does not tell: ${failure.name || 'no reason given'}`;
}

function unknown(why: string, cause?: unknown): CliError {
  return new CliError('ACTOR_UNKNOWN', `who you are could not be found out for the record: ${why}; or give --actor`, {
    cause,
  });
}
