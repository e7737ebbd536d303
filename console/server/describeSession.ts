import { issuedPrefixesIn } from '../../keys/acceptedKeys.ts';
import type { DeployedPlans } from '../../keys/deployedPlans.ts';
import type { ConsoleToStart } from '../../operator/consoleToStart.ts';
import type { TableLocation } from '../../operator/findTable.ts';

/** The table of a console, for the page. A `null` is unknown. */
export interface DescribedTable {
  readonly name: string;
  /** The short name that a person would use. */
  readonly title: string;
  readonly kind: 'aws' | 'local';
  readonly region: string | null;
  /** The id of the AWS account. */
  readonly account: string | null;
  readonly revocationDelaySeconds: number | null;
  /** The keys that the deployment accepts. See `formatAcceptedKeys`. */
  readonly acceptedKeys: string | null;
  /** The deployment's plans. */
  readonly plans: DeployedPlans | null;
  /** Whether the console knows the table of limits. */
  readonly hasLimits: boolean;
  /** A URL of an API that checks the table's keys. */
  readonly apiUrl: string | null;
  /** Whether the console knows the table of usage. */
  readonly hasUsage: boolean;
}

/** The response to `GET /api/session`. */
export interface DescribedSession {
  readonly table: DescribedTable;
  readonly actor: string;
  readonly isReadOnly: boolean;
  /** The prefixes of the deployment that a new key can have. Empty if the operator can't choose. */
  readonly keyPrefixes: readonly string[];
  /** The command that starts this console again. */
  readonly command: string;
}

type SessionDeps = Pick<ConsoleToStart, 'location' | 'actor' | 'isReadOnly' | 'prefix' | 'command'>;

/** Describes the console's table, actor and mode for the page. */
export function describeSession({ location, actor, isReadOnly, prefix, command }: SessionDeps): DescribedSession {
  const { kind, tableName, region, revocationDelaySeconds, acceptedKeys, apiUrl } = location;
  const { plans, limitsTableName, usageTableName } = location;
  const table = {
    name: tableName,
    title: titleOf(location),
    kind,
    region: region ?? arnParts(tableName).region ?? null,
    account: accountOf(location, actor) ?? null,
    revocationDelaySeconds: revocationDelaySeconds ?? null,
    acceptedKeys: acceptedKeys ?? null,
    plans: plans ?? null,
    hasLimits: limitsTableName !== undefined,
    apiUrl: apiUrl ?? null,
    hasUsage: usageTableName !== undefined,
  };
  const keyPrefixes = prefix === undefined ? issuedPrefixesIn(acceptedKeys ?? '') : [];
  return { table, actor, isReadOnly, keyPrefixes, command };
}

function titleOf(location: TableLocation): string {
  if (location.kind === 'aws' && location.stackName !== undefined) return location.stackName;
  const name = location.tableName.split('/').at(-1) ?? location.tableName;
  return getGeneratedStackName(name) ?? name;
}

/** Reads CloudFormation's name for a CDK table: the stack, the construct with its hash, and a random suffix. */
function getGeneratedStackName(name: string): string | undefined {
  const parts = name.split('-');
  const [construct = '', suffix = ''] = parts.slice(-2);
  const isConstruct = /^[A-Za-z][0-9A-Za-z]{8,}$/.test(construct) && /[0-9A-F]{8}$/.test(construct);
  const isGenerated = isConstruct && /^[0-9A-Za-z]{12,13}$/.test(suffix);
  return isGenerated && parts.length > 2 ? parts.slice(0, -2).join('-') : undefined;
}

/** Returns the account of the table's ARN or of its stack. Otherwise returns the caller's account. */
function accountOf(location: TableLocation, actor: string): string | undefined {
  if (location.kind === 'local') return undefined;
  return arnParts(location.tableName).account ?? location.accountId ?? arnParts(actor).account;
}

/** Returns the region and the account of an ARN. Returns neither for another string. */
function arnParts(text: string): { readonly region?: string | undefined; readonly account?: string | undefined } {
  const [, region, account] = /^arn:[\w-]+:\w+:([\w-]*):(\d{12}):/.exec(text) ?? [];
  return { region: region || undefined, account };
}
