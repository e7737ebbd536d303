import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { SETTINGS } from '../lambda/config.ts';
import { MANAGEMENT_VARIABLES, readManagementSettings } from '../management/function/settings.ts';
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import type { KeyManagementApiProps, OwnerRules } from './keyManagementProps.ts';
import { runtimeProblems } from './latchkeyFunction.ts';
import { limitsReference } from './limitChecks.ts';
import { containsToken, isDifferent, isKnown, propError, wholeNumberProblems } from './propChecks.ts';
import { tableReference } from './tableGrants.ts';

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
    ...settingProblems(props),
    ...originProblems(props.corsOrigins),
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

/** Checks what API Gateway's authorizer needs. The function doesn't get it. */
function ownerProblems({ owners }: KeyManagementApiProps): readonly string[] {
  if (owners === undefined) return [];
  const { issuer, audience } = owners;
  const problems: string[] = [];
  if (isKnown(issuer) && !/^https:\/\/[^/\s?#][^\s?#]*$/.test(issuer)) {
    problems.push(`owners.issuer: expected an https URL without a query, got ${JSON.stringify(issuer)}`);
  }
  if (isKnown(audience) && (!Array.isArray(audience) || audience.length === 0 || audience.includes(''))) {
    problems.push(`owners.audience: expected at least one audience, got ${JSON.stringify(audience)}`);
  }
  return problems;
}

/** Checks what can't become settings. The function's own parser checks the others. */
function ruleProblems({ maxLifetime, rateLimit, burstLimit }: OwnerRules): readonly string[] {
  const isKnownLifetime = maxLifetime === undefined || !maxLifetime.isUnresolved();
  return [
    ...(isKnownLifetime
      ? []
      : ['ownerRules.maxLifetime: expected a duration known at synthesis, got one that only the deployment knows']),
    ...wholeNumberProblems('ownerRules.rateLimit', rateLimit, { least: 1 }),
    ...wholeNumberProblems('ownerRules.burstLimit', burstLimit, { least: 1 }),
  ];
}

/** Browsers send an origin without a path, so others would never match. */
function originProblems(origins: readonly string[] | undefined): readonly string[] {
  if (!isKnown(origins)) return [];
  const invalid = origins.filter((origin) => isKnown(origin) && origin !== '*' && !isOrigin(origin));
  return invalid.map(
    (origin) => `corsOrigins: expected origins such as https://app.example.com, got ${JSON.stringify(origin)}`,
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
  const { environment = {} } = authorizer?._verifySettings ?? {};
  return {
    ...environment,
    [SETTINGS.tableName.variable]: tableReference(scope, table.resource).value,
    ...(limits && { [SETTINGS.limitsTable.variable]: limitsReference(scope, limits).value }),
    [MANAGEMENT_VARIABLES.stateTable]: stateTableName,
    ...(usage && { [MANAGEMENT_VARIABLES.usageTable]: usage.tableName }),
    [MANAGEMENT_VARIABLES.management]: Stack.of(scope).toJsonString(toSettings(props)),
  };
}

type Settings = Readonly<Record<string, unknown>>;

function toSettings(props: KeyManagementApiProps): Settings {
  const { operators = true, owners, portal, ownerRules = {}, authorizer } = props;
  const { rateLimit = 5, burstLimit = 20, ...rules } = toRules(ownerRules);
  const { issuer: _issuer, audience: _audience, ...claims } = owners ?? {};
  const revocationDelay = authorizer?._verifySettings.revocationDelay;
  return {
    operators,
    ...(owners && { owners: { ...claims, ...rules } }),
    ...(portal && { portal: { ...portal, ...rules } }),
    ...((owners ?? portal) && { rateLimit: { rateLimit, burstLimit } }),
    ...(revocationDelay && { revocationDelaySeconds: revocationDelay.toSeconds() }),
  };
}

function toRules({ maxLifetime, ...rules }: OwnerRules) {
  if (maxLifetime === undefined || maxLifetime.isUnresolved()) return rules;
  return { ...rules, maxLifetimeSeconds: maxLifetime.toSeconds({ integral: false }) };
}

/** Returns the problems that the function's own parser finds, with the names of props. */
function settingProblems(props: KeyManagementApiProps): readonly string[] {
  const { owners, portal, ...others } = toSettings(props);
  const known = { ...others, ...withoutTokens('owners', owners), ...withoutTokens('portal', portal) };
  try {
    readManagementSettings({
      [SETTINGS.tableName.variable]: ANY_TABLE,
      [SETTINGS.limitsTable.variable]: ANY_TABLE,
      [MANAGEMENT_VARIABLES.stateTable]: ANY_TABLE,
      [MANAGEMENT_VARIABLES.management]: JSON.stringify(known),
    });
    return [];
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'CONFIG_INVALID') throw error;
    // The rules are part of both audiences.
    return [...new Set(error.message.split('; ').map(toPropNames))].filter((problem) => !/rateLimit\./.test(problem));
  }
}

const ANY_TABLE = 'known-at-deployment';

/** Replaces required fields with a token, and leaves others out. The function checks them at its cold start. */
function withoutTokens(name: 'owners' | 'portal', fields: unknown): object {
  if (typeof fields !== 'object' || fields === null) return {};
  const known = Object.entries(fields).filter(([, value]) => !containsToken(value));
  const required = name === 'portal' ? { name: 'known at deployment', returnOrigins: ['https://known.example'] } : {};
  return { [name]: { ...required, ...Object.fromEntries(known) } };
}

function toPropNames(problem: string): string {
  return problem
    .replace(/^LATCHKEY_MANAGEMENT\.\w+\.(scopes|plans|maxKeysPerOwner|maxLifetime)(?:Seconds)?:/, 'ownerRules.$1:')
    .replace(/^LATCHKEY_MANAGEMENT\./, '');
}
