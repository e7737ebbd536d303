import { readFile } from 'node:fs/promises';
import { GatewayError } from './gatewayError.ts';

/** A resource of the template. Properties are named by a path such as `Integration.Uri`, and come with intrinsics resolved. */
export class Resource {
  readonly id: string;
  readonly #definition: ResourceDefinition;
  readonly #resolve: Resolve;

  constructor(id: string, definition: ResourceDefinition, resolve: Resolve) {
    this.id = id;
    this.#definition = definition;
    this.#resolve = resolve;
  }

  /** The property, or `undefined` where the template has none. */
  value(path: string): unknown {
    let value: unknown = this.#definition.properties;
    for (const name of path.split('.')) value = childOf(value, name);
    return this.#resolve(value);
  }

  text(path: string): string {
    return this.optionalText(path) ?? this.unsupported(path, 'text');
  }

  optionalText(path: string): string | undefined {
    const value = this.value(path);
    return value === undefined || typeof value === 'string' ? value : this.unsupported(path, 'text');
  }

  /** A number, also where the template has it as text. */
  optionalNumber(path: string): number | undefined {
    const value = this.value(path);
    if (value === undefined) return undefined;
    const number = Number(value);
    return Number.isFinite(number) ? number : this.unsupported(path, 'a number');
  }

  /** A regular expression. */
  optionalPattern(path: string): RegExp | undefined {
    const pattern = this.optionalText(path);
    if (pattern === undefined) return undefined;
    try {
      return new RegExp(pattern);
    } catch {
      return this.unsupported(path, 'a regular expression of JavaScript');
    }
  }

  /** A list of texts; empty where the template has none. */
  texts(path: string): readonly string[] {
    const value = this.value(path) ?? [];
    return Array.isArray(value) ? value.map(String) : this.unsupported(path, 'a list');
  }

  /** A map of texts; empty where the template has none. */
  textMap(path: string): Readonly<Record<string, string>> {
    const value = this.value(path) ?? {};
    if (!isObject(value)) return this.unsupported(path, 'a map');
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, String(entry)]));
  }

  unsupported(path: string, wanted: string): never {
    const got = JSON.stringify(this.value(path));
    throw new GatewayError(
      'TEMPLATE_UNSUPPORTED',
      `${this.id}: ${path}: got ${got}, the local gateway wanted ${wanted}`,
    );
  }
}

/** A synthesized CloudFormation template. */
export class Template {
  readonly #definitions: ReadonlyMap<string, ResourceDefinition>;
  readonly #outputs: unknown;
  readonly #resolve: Resolve;

  /** @throws GatewayError `TEMPLATE_UNREADABLE` */
  constructor(json: unknown) {
    const resources = isObject(json) ? json['Resources'] : undefined;
    if (!isObject(resources)) throw new GatewayError('TEMPLATE_UNREADABLE', 'the template has no Resources');
    this.#definitions = new Map(Object.entries(resources).map(([id, resource]) => [id, parseDefinition(resource)]));
    this.#resolve = createResolver(this.#definitions);
    this.#outputs = isObject(json) ? json['Outputs'] : undefined;
  }

  /** The value of a stack output, or `undefined` where there is none. */
  output(name: string): unknown {
    return this.#resolve(childOf(childOf(this.#outputs, name), 'Value'));
  }

  ofType(type: string): readonly Resource[] {
    return [...this.#definitions]
      .filter(([, definition]) => definition.type === type)
      .map(([id, definition]) => new Resource(id, definition, this.#resolve));
  }
}

/**
 * The JSON of a file.
 *
 * @throws GatewayError `TEMPLATE_UNREADABLE`
 */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('TEMPLATE_UNREADABLE', `cannot read ${file}: ${why}`, { cause });
  }
}

function parseDefinition(resource: unknown): ResourceDefinition {
  const { Type: type, Properties: properties } = isObject(resource) ? resource : {};
  return { type: String(type), properties: isObject(properties) ? properties : {} };
}

/** An entry of a map, or of a list by its index. */
function childOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value[Number(name)];
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

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
