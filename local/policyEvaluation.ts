/** One statement of an authorizer's policy, with single values made lists. */
export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export type PolicyEffect = 'allow' | 'explicit-deny' | 'implicit-deny';

const INVOKE = 'execute-api:invoke';

/**
 * What the statements say of invoking a method ARN: an explicit Deny wins over any Allow, and what no statement allows is
 * denied ("Policy evaluation logic" of IAM).
 */
export function evaluatePolicy(statements: readonly PolicyStatement[], arn: string): PolicyEffect {
  const matching = statements.filter(
    ({ actions, resources }) =>
      actions.some((action) => matchesWildcards(action.toLowerCase(), INVOKE)) &&
      resources.some((resource) => matchesWildcards(resource, arn)),
  );
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicit-deny';
  return matching.length > 0 ? 'allow' : 'implicit-deny';
}

/** Whether the pattern covers the whole text: `*` any run of characters, `?` exactly one. Time is the product of the lengths at worst. */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let starTook = 0;
  while (at < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      starAt = patternAt++;
      starTook = at;
    } else if (wanted === '?' || wanted === text[at]) {
      patternAt++;
      at++;
    } else if (starAt >= 0) {
      // Only the last star needs to take one more: an earlier one can never do better.
      patternAt = starAt + 1;
      at = ++starTook;
    } else return false;
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}

/**
 * The statements of an IAM policy document, or `undefined` where it is malformed or asks for what is not evaluated here
 * (`Condition`, `NotAction`, `NotResource`).
 */
export function parseStatements(policyDocument: unknown): readonly PolicyStatement[] | undefined {
  if (!isObject(policyDocument)) return undefined;
  const list = asList(policyDocument['Statement']).map(parseStatement);
  const statements = list.filter((statement) => statement !== undefined);
  return statements.length === list.length ? statements : undefined;
}

function parseStatement(statement: unknown): PolicyStatement | undefined {
  if (!isObject(statement)) return undefined;
  const { Effect: effect, Action: action, Resource: resource, Sid: _sid, ...others } = statement;
  if ((effect !== 'Allow' && effect !== 'Deny') || Object.keys(others).length > 0) return undefined;
  const actions = asList(action);
  const resources = asList(resource);
  return isTexts(actions) && isTexts(resources) ? { effect, actions, resources } : undefined;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isTexts(values: readonly unknown[]): values is readonly string[] {
  return values.length > 0 && values.every((value) => typeof value === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
