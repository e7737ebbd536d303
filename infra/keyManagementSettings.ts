import { type Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SETTINGS } from '../lambda/config.ts';
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import type { KeyManagementApiProps, OwnerRules } from './keyManagementProps.ts';
import { runtimeProblems } from './latchkeyFunction.ts';
import { limitsReference } from './limitChecks.ts';
import { isDifferent, isKnown, propError, wholeNumberProblems } from './propChecks.ts';
import { tableReference } from './tableGrants.ts';

/** The environment variables of the function that the authorizer doesn't have. */
export const MANAGEMENT_VARIABLES = {
  stateTable: 'LATCHKEY_STATE_TABLE',
  usageTable: 'LATCHKEY_USAGE_TABLE',
  management: 'LATCHKEY_MANAGEMENT',
} as const;

/**
 * Checks the props, and throws one error with all problems.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with a list of every problem: prop, expected value, actual value
 */
export function checkManagementProps(scope: Construct, props: KeyManagementApiProps): void {
  const problems = [
    ...audienceProblems(props),
    ...ownerProblems(props),
    ...ruleProblems(props.ownerRules ?? {}),
    ...originProblems('corsOrigins', props.corsOrigins, ['*']),
    ...originProblems('portal: returnOrigins', props.portal?.returnOrigins),
    ...authorizerProblems(props),
    ...runtimeProblems(props.runtime),
  ];
  if (problems.length > 0) throw propError(scope, ...problems);
}

function audienceProblems({ operators = true, owners, portal, ownerRules }: KeyManagementApiProps): readonly string[] {
  const hasOwners = owners !== undefined || portal !== undefined;
  return [
    ...(operators || hasOwners
      ? []
      : ['operators: expected true, or the props owners or portal, got false: nobody could call the API']),
    ...(portal !== undefined && !operators
      ? ['operators: expected true with a portal, got false: an operator opens its sessions']
      : []),
    ...(hasOwners && ownerRules === undefined
      ? [`ownerRules: expected what owners may do, because of the prop ${owners ? 'owners' : 'portal'}, got nothing`]
      : []),
    ...(!hasOwners && ownerRules !== undefined
      ? ['ownerRules: expected the prop owners or portal, got rules that apply to nobody']
      : []),
  ];
}

const CLAIM = /^[!-~]{1,256}$/;

function ownerProblems({ owners }: KeyManagementApiProps): readonly string[] {
  if (owners === undefined) return [];
  const { issuer, audience, ownerClaim, orgClaim } = owners;
  const problems: string[] = [];
  if (isKnown(issuer) && !/^https:\/\/[^/\s?#]+[^\s?#]*$/.test(issuer)) {
    problems.push(`owners: issuer: expected an https URL without a query, got ${JSON.stringify(issuer)}`);
  }
  if (isKnown(audience) && (!Array.isArray(audience) || audience.length === 0 || audience.some((one) => one === ''))) {
    problems.push(`owners: audience: expected at least one audience, got ${JSON.stringify(audience)}`);
  }
  for (const [prop, claim] of Object.entries({ ownerClaim, orgClaim })) {
    if (!isKnown(claim) || CLAIM.test(claim)) continue;
    problems.push(`owners: ${prop}: expected the name of a claim such as sub, got ${JSON.stringify(claim)}`);
  }
  return problems;
}

function ruleProblems({ maxLifetime, maxKeysPerOwner, rateLimit, burstLimit }: OwnerRules): readonly string[] {
  const isSecond = maxLifetime === undefined || (!maxLifetime.isUnresolved() && maxLifetime.toSeconds() >= 1);
  return [
    ...(isSecond ? [] : [`ownerRules: maxLifetime: expected a duration of a second or more, known at synthesis`]),
    ...wholeNumberProblems('ownerRules: maxKeysPerOwner', maxKeysPerOwner, { least: 1, most: 1000 }),
    ...wholeNumberProblems('ownerRules: rateLimit', rateLimit, { least: 1 }),
    ...wholeNumberProblems('ownerRules: burstLimit', burstLimit, { least: 1 }),
  ];
}

/** Browsers send an origin without a path, so others would never match. */
function originProblems(
  prop: string,
  origins: readonly string[] | undefined,
  others: readonly string[] = [],
): readonly string[] {
  if (!isKnown(origins)) return [];
  const invalid = origins.filter((origin) => isKnown(origin) && !others.includes(origin) && !isOrigin(origin));
  return invalid.map(
    (origin) => `${prop}: expected origins such as https://app.example.com, got ${JSON.stringify(origin)}`,
  );
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
}

/** Verifying has to count in the authorizer's table, and owners have to manage the authorizer's keys. */
function authorizerProblems({ table, authorizer, limits }: KeyManagementApiProps): readonly string[] {
  const tableName = authorizer?._verifySettings.environment[SETTINGS.tableName.variable];
  const isOther = tableName !== undefined && isDifferent(tableName, table.tableName);
  const isOtherLimits = authorizer?.limits !== undefined && limits !== undefined && limits !== authorizer.limits;
  return [
    ...(isOther ? [`authorizer: expected one with the table ${table.tableName}, got one with ${tableName}`] : []),
    ...(isOtherLimits ? ['limits: expected the limits of the authorizer, got another table. Omit the prop'] : []),
  ];
}

/** The tables that the function's variables name. */
interface ManagementTables {
  readonly stateTableName: string;
  readonly limits: IApiKeyLimits | undefined;
}

/**
 * Returns the function's environment variables. Its settings are one JSON text, which may contain tokens.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if a table is in another Region
 */
export function managementEnvironment(
  scope: Construct,
  props: KeyManagementApiProps,
  { stateTableName, limits }: ManagementTables,
): Readonly<Record<string, string>> {
  const { table, authorizer, usage } = props;
  const { environment = {}, revocationDelay } = authorizer?._verifySettings ?? {};
  const settings = toSettings(props, revocationDelay);
  return {
    ...environment,
    [SETTINGS.tableName.variable]: tableReference(scope, table.resource).value,
    ...(limits && { [SETTINGS.limitsTable.variable]: limitsReference(scope, limits).value }),
    [MANAGEMENT_VARIABLES.stateTable]: stateTableName,
    ...(usage && { [MANAGEMENT_VARIABLES.usageTable]: usage.tableName }),
    [MANAGEMENT_VARIABLES.management]: Stack.of(scope).toJsonString(settings),
  };
}

function toSettings(props: KeyManagementApiProps, revocationDelay: Duration | undefined): object {
  const { operators = true, owners, portal, ownerRules = {} } = props;
  const { maxLifetime, rateLimit = 5, burstLimit = 20, ...others } = ownerRules;
  const rules = { ...others, ...(maxLifetime && { maxLifetimeSeconds: maxLifetime.toSeconds() }) };
  const { issuer: _issuer, audience: _audience, ...claims } = owners ?? {};
  return {
    operators,
    ...(owners && { owners: { ...claims, ...rules } }),
    ...(portal && { portal: { ...portal, ...rules } }),
    ...((owners ?? portal) && { rateLimit: { rateLimit, burstLimit } }),
    ...(revocationDelay && { revocationDelaySeconds: revocationDelay.toSeconds() }),
  };
}
