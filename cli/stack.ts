import { CloudFormationClient, DescribeStacksCommand, type Output } from '@aws-sdk/client-cloudformation';
import { ANY_KEYS } from '../keys/acceptedKeys.ts';
import { CALL_TIMEOUT_MS } from '../keys/callLimits.ts';
import { isKeyPrefix } from '../keys/secret.ts';
import { withinMs } from '../keys/storeFault.ts';
import { accountConfig, type AwsAccount } from './awsAccount.ts';
import { awsAdvice, failureOf, isDenied, isUnreachable } from './awsAdvice.ts';
import { CliError } from './cliError.ts';

export interface StackOutputs {
  readonly tableName: string;
  /** Absent where the stack does not tell. */
  readonly revocationDelaySeconds: number | undefined;
  /** See `isRefusedAsForeign`. */
  readonly acceptedKeys: string | undefined;
}

/**
 * What a deployed stack says of its table: its outputs `TableName`, `RevocationDelaySeconds` and `AcceptedKeys`.
 *
 * @throws CliError `STACK_UNUSABLE`, saying what to do
 */
export async function readStack(stackName: string, account: AwsAccount): Promise<StackOutputs> {
  const client = new CloudFormationClient(accountConfig(account));
  try {
    const { Stacks = [] } = await withinMs(CALL_TIMEOUT_MS, (abortSignal) =>
      client.send(new DescribeStacksCommand({ StackName: stackName }), { abortSignal }),
    );
    return outputsOf(stackName, Stacks[0]?.Outputs ?? []);
  } catch (error) {
    throw error instanceof CliError ? error : unusable(stackName, reasonOf(error), error);
  } finally {
    client.destroy();
  }
}

function outputsOf(stackName: string, outputs: readonly Output[]): StackOutputs {
  const valueOf = (name: string) => outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  const tableName = valueOf('TableName');
  if (!tableName) throw unusable(stackName, "it has no output TableName: is it a stack of Latchkey's?");
  return {
    tableName,
    revocationDelaySeconds: readDelay(valueOf('RevocationDelaySeconds')),
    acceptedKeys: readAcceptedKeys(valueOf('AcceptedKeys')),
  };
}

function readDelay(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function readAcceptedKeys(text: string | undefined): string | undefined {
  return text !== undefined && (text === ANY_KEYS || isKeyPrefix(text)) ? text : undefined;
}

/** AWS's own message is left out: it holds account ids. */
function reasonOf(error: unknown): string {
  const failure = failureOf(error);
  const advice = awsAdvice(failure);
  if (advice !== undefined) return advice;
  if (isDenied(failure)) return 'access was denied: these credentials need a grant of cloudformation:DescribeStacks';
  if (failure.name === 'ValidationError') {
    return 'there is no such stack here: check the name, AWS_REGION and AWS_PROFILE, and that it is deployed';
  }
  if (isUnreachable(failure)) {
    return `CloudFormation cannot be reached (${failure.code || 'no answer in time'}): check the network`;
  }
  return `CloudFormation does not tell: ${failure.name || 'no reason given'}`;
}

function unusable(stackName: string, why: string, cause?: unknown): CliError {
  return new CliError('STACK_UNUSABLE', `--stack ${JSON.stringify(stackName)}: ${why}`, { cause });
}
