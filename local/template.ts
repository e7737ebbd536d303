import { readFile } from 'node:fs/promises';
import { isPlainObject } from '../keys/json.ts';
import { GatewayError } from './gatewayError.ts';

/** A synthesized CloudFormation template. */
export class Template {
  readonly #definitions: ReadonlyMap<string, ResourceDefinition>;
  readonly #outputs: unknown;
  readonly #resolve: Resolve;

  /** Reads the parsed JSON of a template. Throws GatewayError `TEMPLATE_UNREADABLE`. */
  constructor(json: unknown) {
    const resources = isPlainObject(json) ? json['Resources'] : undefined;
    if (!isPlainObject(resources)) throw new GatewayError('TEMPLATE_UNREADABLE', 'the template has no Resources');
    this.#definitions = new Map(Object.entries(resources).map(([id, resource]) => [id, parseDefinition(resource)]));
    this.#resolve = createResolver(this.#definitions);
    this.#outputs = getChild(json, 'Outputs');
  }

  /** Returns the value of a stack output, or `undefined` if the template doesn't have this output. */
  output(name: string): unknown {
    return this.#resolve(getChild(getChild(this.#outputs, name), 'Value'));
  }

  /** Returns the resources of a type such as `AWS::Lambda::Function`. */
  resources(type: string): readonly Resource[] {
    return [...this.#definitions]
      .filter(([, definition]) => definition.type === type)
      .map(([id, definition]) => new Resource(id, definition, this.#resolve));
  }
}

/**
 * A resource of the template. A path such as `Integration.Uri` names a property. All intrinsic functions in its value
 * are resolved. Each method that reads a property throws GatewayError `TEMPLATE_UNSUPPORTED` if the value has another
 * type.
 */
export class Resource {
  readonly id: string;
  readonly #definition: ResourceDefinition;
  readonly #resolve: Resolve;

  constructor(id: string, definition: ResourceDefinition, resolve: Resolve) {
    this.id = id;
    this.#definition = definition;
    this.#resolve = resolve;
  }

  /** Returns the property, or `undefined` if the template doesn't set it. */
  value(path: string): unknown {
    let value: unknown = this.#definition.properties;
    for (const name of path.split('.')) value = getChild(value, name);
    return this.#resolve(value);
  }

  text(path: string): string {
    return this.optionalText(path) ?? this.unsupported(path, 'text');
  }

  optionalText(path: string): string | undefined {
    const value = this.value(path);
    return value === undefined || typeof value === 'string' ? value : this.unsupported(path, 'text');
  }

  /** Returns a number. It may be a string in the template. */
  optionalNumber(path: string): number | undefined {
    const value = this.value(path);
    if (value === undefined) return undefined;
    const number = Number(value);
    return Number.isFinite(number) ? number : this.unsupported(path, 'a number');
  }

  optionalPattern(path: string): RegExp | undefined {
    const pattern = this.optionalText(path);
    if (pattern === undefined) return undefined;
    try {
      return new RegExp(pattern);
    } catch {
      return this.unsupported(path, 'a JavaScript regular expression');
    }
  }

  /** Returns a list of strings. It's empty if the template doesn't set the property. */
  texts(path: string): readonly string[] {
    const value = this.value(path) ?? [];
    return Array.isArray(value) ? value.map(String) : this.unsupported(path, 'a list');
  }

  /** Returns a map of strings. It's empty if the template doesn't set the property. */
  textMap(path: string): Readonly<Record<string, string>> {
    const value = this.value(path) ?? {};
    if (!isPlainObject(value)) return this.unsupported(path, 'a map');
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, String(entry)]));
  }

  /** Throws GatewayError `TEMPLATE_UNSUPPORTED` if the property has another value. */
  expect(path: string, expected: string): void {
    if (this.value(path) !== expected) this.unsupported(path, expected);
  }

  /** Throws GatewayError `TEMPLATE_UNSUPPORTED`, naming the resource, the property and its value. */
  unsupported(path: string, expected: string): never {
    const problem = `${this.id}: ${path}: the local gateway expected ${expected}, got ${JSON.stringify(this.value(path))}`;
    throw new GatewayError('TEMPLATE_UNSUPPORTED', problem);
  }
}

/** Returns the parsed JSON of a file. Throws GatewayError `TEMPLATE_UNREADABLE`. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('TEMPLATE_UNREADABLE', `cannot read ${file}: ${reason}`, { cause });
  }
}

interface ResourceDefinition {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

function parseDefinition(resource: unknown): ResourceDefinition {
  const { Type: type, Properties: properties } = isPlainObject(resource) ? resource : {};
  return { type: String(type), properties: isPlainObject(properties) ? properties : {} };
}

/** Returns a map's value by its key, or a list's item by its index. */
function getChild(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value[Number(name)];
  return isPlainObject(value) ? value[name] : undefined;
}

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

/** Replaces every intrinsic function in a value of the template, and removes each `AWS::NoValue`. */
type Resolve = (value: unknown) => unknown;

/**
 * Creates a resolver for the intrinsic functions that the CDK writes. The physical name of a resource is the name in
 * its properties, or its logical id. The resolver throws GatewayError `TEMPLATE_UNSUPPORTED` for other functions.
 */
export function createResolver(resources: ReadonlyMap<string, ResourceDefinition>): Resolve {
  const resolve: Resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve).filter((entry) => entry !== undefined);
    if (!isPlainObject(value)) return value;
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
    return getAttribute(typeof argument === 'string' ? argument.split('.') : asTexts(argument), scope);
  const [first, second] = asList(name, scope.resolve(argument));
  if (name === 'Fn::Join') return asTexts(second).join(asText(name, first));
  if (name === 'Fn::Split') return asText(name, second).split(asText(name, first));
  if (name === 'Fn::Select') return asList(name, second)[Number(first)] ?? unresolved(`${name} past the end`);
  return unresolved(`${name} ${JSON.stringify(argument)}`);
}

function ref(name: string, { resources, resolve }: Scope): string | undefined {
  if (Object.hasOwn(PSEUDO_PARAMETERS, name)) return PSEUDO_PARAMETERS[name];
  const resource = resources.get(name) ?? unresolved(`Ref to ${name}`);
  const physicalName = resolve(resource.properties[NAME_PROPERTIES[resource.type] ?? '']);
  return typeof physicalName === 'string' ? physicalName : name;
}

function getAttribute([logicalId = '', ...names]: readonly string[], scope: Scope): string {
  const type = scope.resources.get(logicalId)?.type;
  const name = names.join('.');
  const derive = ATTRIBUTES[`${type}.${name}`] ?? unresolved(`Fn::GetAtt of ${logicalId}.${name} (${type})`);
  return derive(ref(logicalId, scope) ?? logicalId);
}

function substitute(argument: unknown, scope: Scope): string {
  const [text, given] = Array.isArray(argument) ? argument : [argument];
  const variables = isPlainObject(given) ? given : {};
  return asText('Fn::Sub', text).replaceAll(/\$\{([^${}]+)\}/g, (_, expression: string) => {
    if (expression.startsWith('!')) return `\${${expression.slice(1)}}`;
    if (Object.hasOwn(variables, expression)) return asText('Fn::Sub', scope.resolve(variables[expression]));
    return expression.includes('.') ? getAttribute(expression.split('.'), scope) : (ref(expression, scope) ?? '');
  });
}

function asText(name: string, value: unknown): string {
  return typeof value === 'string' ? value : unresolved(`${name} of ${JSON.stringify(value)}`);
}

function asList(name: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : unresolved(`${name} ${JSON.stringify(value)}`);
}

function asTexts(value: unknown): readonly string[] {
  return asList('a list', value).map((entry) => asText('a list', entry));
}

function unresolved(expression: string): never {
  throw new GatewayError('TEMPLATE_UNSUPPORTED', `the local gateway cannot resolve ${expression} in the template`);
}
