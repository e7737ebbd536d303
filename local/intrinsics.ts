import { GatewayError } from './gatewayError.ts';

/** What of a resource decides its physical name and attributes. */
export interface ResourceDefinition {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Replaces every intrinsic function in a value of the template; `AWS::NoValue` leaves its place empty. */
export type Resolve = (value: unknown) => unknown;

export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';

const PSEUDO_PARAMETERS: Readonly<Record<string, string | undefined>> = {
  'AWS::AccountId': ACCOUNT_ID,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'local',
  'AWS::NoValue': undefined,
};

const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::Lambda::Function': 'FunctionName',
};

const ATTRIBUTES: Readonly<Record<string, (name: string) => string>> = {
  'AWS::Lambda::Function.Arn': (name) => `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${name}`,
  'AWS::DynamoDB::Table.Arn': (name) => `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/${name}`,
  'AWS::DynamoDB::GlobalTable.Arn': (name) => `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/${name}`,
  'AWS::AppSync::GraphQLApi.ApiId': (name) => name,
  'AWS::AppSync::GraphQLApi.Arn': (name) => `arn:aws:appsync:${REGION}:${ACCOUNT_ID}:apis/${name}`,
  'AWS::AppSync::GraphQLApi.GraphQLUrl': (name) => `https://${name}.appsync-api.${REGION}.amazonaws.com/graphql`,
  'AWS::ApiGateway::RestApi.RootResourceId': (name) => `${name}.RootResourceId`,
};

/**
 * A resolver for the intrinsic functions that a CDK application writes. A resource is named as it asks to be, else by its
 * logical id. It throws GatewayError `TEMPLATE_UNSUPPORTED` for what it does not know, rather than guess.
 */
export function createResolver(resources: ReadonlyMap<string, ResourceDefinition>): Resolve {
  const resolve: Resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve).filter((entry) => entry !== undefined);
    if (!isObject(value)) return value;
    const [name = '', ...others] = Object.keys(value);
    if (others.length === 0 && /^(Ref$|Fn::)/.test(name)) return evaluate(name, value[name], { resources, resolve });
    const entries = Object.entries(value).map(([key, entry]) => [key, resolve(entry)] as const);
    return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
  };
  return resolve;
}

interface Scope {
  readonly resources: ReadonlyMap<string, ResourceDefinition>;
  readonly resolve: Resolve;
}

function evaluate(name: string, argument: unknown, scope: Scope): unknown {
  if (name === 'Ref') return ref(asText(name, argument), scope);
  if (name === 'Fn::Sub') return substitute(argument, scope);
  if (name === 'Fn::GetAtt')
    return attribute(typeof argument === 'string' ? argument.split('.') : asTexts(argument), scope);
  const [first, second] = asList(name, scope.resolve(argument));
  if (name === 'Fn::Join') return asTexts(second).join(asText(name, first));
  if (name === 'Fn::Split') return asText(name, second).split(asText(name, first));
  if (name === 'Fn::Select') return asList(name, second)[Number(first)] ?? unsupported(`${name} past the end`);
  return unsupported(`${name} ${JSON.stringify(argument)}`);
}

function ref(name: string, { resources, resolve }: Scope): string | undefined {
  if (Object.hasOwn(PSEUDO_PARAMETERS, name)) return PSEUDO_PARAMETERS[name];
  const resource = resources.get(name) ?? unsupported(`Ref of ${name}`);
  const given = resolve(resource.properties[NAME_PROPERTIES[resource.type] ?? '']);
  return typeof given === 'string' ? given : name;
}

function attribute([logicalId = '', ...names]: readonly string[], scope: Scope): string {
  const type = scope.resources.get(logicalId)?.type;
  const name = names.join('.');
  const derive = ATTRIBUTES[`${type}.${name}`] ?? unsupported(`Fn::GetAtt of ${logicalId}.${name} (${type})`);
  return derive(ref(logicalId, scope) ?? logicalId);
}

function substitute(argument: unknown, scope: Scope): string {
  const [text, given] = Array.isArray(argument) ? argument : [argument];
  const variables = isObject(given) ? given : {};
  return asText('Fn::Sub', text).replaceAll(/\$\{([^${}]+)\}/g, (_, expression: string) => {
    if (expression.startsWith('!')) return `\${${expression.slice(1)}}`;
    if (Object.hasOwn(variables, expression)) return asText('Fn::Sub', scope.resolve(variables[expression]));
    return expression.includes('.') ? attribute(expression.split('.'), scope) : (ref(expression, scope) ?? '');
  });
}

function asText(name: string, value: unknown): string {
  return typeof value === 'string' ? value : unsupported(`${name} of ${JSON.stringify(value)}`);
}

function asList(name: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : unsupported(`${name} ${JSON.stringify(value)}`);
}

function asTexts(value: unknown): readonly string[] {
  return asList('a list', value).map((entry) => asText('a list', entry));
}

function unsupported(what: string): never {
  throw new GatewayError('TEMPLATE_UNSUPPORTED', `the template uses ${what}, which the local gateway cannot resolve`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
