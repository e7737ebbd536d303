import type { Stack } from '@aws-sdk/client-cloudformation';
import { isAcceptedKeys } from '../keys/acceptedKeys.ts';
import type { DeployedPlans } from '../keys/deployedPlans.ts';
import { CALL_TIMEOUT_MS, withinMs } from '../keys/dynamodb.ts';
import { readDeployedPlans } from '../keys/readDeployedPlans.ts';
import {
  accountConfig,
  type AwsAccount,
  awsAdvice,
  type Failure,
  inRegion,
  isDenied,
  isUnreachable,
  toCause,
  toFailure,
} from './aws.ts';
import { CliError } from './errors.ts';

/** The other tables of a deployment. */
export interface OtherTables {
  /** The table that counts the requests of plans that the authorizer enforces. Absent if unknown or if there is none. */
  readonly limitsTableName?: string | undefined;
  /** The table of the requests of each key by hour. Absent if unknown or if there is none. */
  readonly usageTableName?: string | undefined;
  /** The table of the events of each key. Absent if unknown or if there is none. */
  readonly historyTableName?: string | undefined;
  /** The deployment's plans. Absent if unknown. */
  readonly plans?: DeployedPlans | undefined;
}

interface StackOutputs extends OtherTables {
  readonly stackName: string;
  readonly accountId: string | undefined;
  readonly tableName: string;
  /** Absent if the stack lacks this output. */
  readonly revocationDelaySeconds: number | undefined;
  /** See `formatAcceptedKeys`. */
  readonly acceptedKeys: string | undefined;
  readonly apiUrl: string | undefined;
}

/**
 * Reads the outputs of a deployed stack: `TableName`, `RevocationDelaySeconds`, `AcceptedKeys`, `RestApiUrl` or
 * `HttpApiUrl`, `LimitsTableName`, `UsageTableName`, `HistoryTableName` and `Plans`.
 *
 * @throws CliError `STACK_UNUSABLE`, with advice in the message
 */
export async function readStack(stackName: string, account: AwsAccount): Promise<StackOutputs> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(accountConfig(account));
  try {
    const { Stacks = [] } = await withinMs(CALL_TIMEOUT_MS, (abortSignal) =>
      client.send(new DescribeStacksCommand({ StackName: stackName }), { abortSignal }),
    );
    return toStackOutputs(stackName, Stacks[0]);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unusable(stackName, explainFailure(toFailure(error), await inRegion(client)), error);
  } finally {
    client.destroy();
  }
}

function toStackOutputs(stackName: string, { StackId, Outputs = [] }: Partial<Stack> = {}): StackOutputs {
  const getValue = (name: string) => Outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  const tableName = getValue('TableName');
  if (!tableName) throw unusable(stackName, 'it has no output TableName: is it a Latchkey stack?');
  return {
    stackName,
    accountId: /^arn:[\w-]+:cloudformation:[\w-]+:(\d{12}):/.exec(StackId ?? '')?.[1],
    tableName,
    revocationDelaySeconds: readDelay(getValue('RevocationDelaySeconds')),
    acceptedKeys: readAcceptedKeys(getValue('AcceptedKeys')),
    apiUrl: readUrl(getValue('RestApiUrl') ?? getValue('HttpApiUrl')),
    limitsTableName: getValue('LimitsTableName') || undefined,
    usageTableName: getValue('UsageTableName') || undefined,
    historyTableName: getValue('HistoryTableName') || undefined,
    plans: readPlans(getValue('Plans')),
  };
}

function readDelay(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function readAcceptedKeys(text: string | undefined): string | undefined {
  return text !== undefined && isAcceptedKeys(text) ? text : undefined;
}

function readPlans(text: string | undefined): DeployedPlans | undefined {
  try {
    return text === undefined ? undefined : readDeployedPlans(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readUrl(text: string | undefined): string | undefined {
  return text !== undefined && /^https:\/\/[\w.-]+(\/[\w./-]*)?$/.test(text) ? text : undefined;
}

/**
 * Explains a failure of CloudFormation at a place such as ` in Region eu-west-1`. Omits AWS's own message, because it
 * contains account ids.
 */
function explainFailure(failure: Failure, place: string): string {
  const advice = awsAdvice(failure);
  if (advice !== undefined) return advice;
  if (isDenied(failure))
    return 'access was denied: these credentials need permission for cloudformation:DescribeStacks';
  if (failure.name === 'ValidationError') {
    return `there is no such stack${place}: check the name, AWS_REGION and AWS_PROFILE, and that it is deployed`;
  }
  if (isUnreachable(failure)) {
    return `CloudFormation${place} cannot be reached (${toCause(failure)}): check the network`;
  }
  return `CloudFormation failed: ${failure.name || 'no reason given'}`;
}

function unusable(stackName: string, why: string, cause?: unknown): CliError {
  return new CliError('STACK_UNUSABLE', `--stack ${JSON.stringify(stackName)}: ${why}`, { cause });
}
