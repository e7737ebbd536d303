import { readFile } from 'node:fs/promises';
import { GatewayError } from './gatewayError.ts';
import { createResolver, type Resolve, type ResourceDefinition } from './intrinsics.ts';

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
