import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Operation {
  readonly requestBody?: { readonly content: Record<string, { schema: object }> };
  readonly responses: Record<string, object>;
}

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly responses: Record<string, object> };
}

/** The console's API as `console/openapi.json` tells it. */
export const openApi: Document = JSON.parse(
  readFileSync(new URL('../../../console/openapi.json', import.meta.url), 'utf8'),
);

const BASE = openApi.servers[0]?.url ?? '';
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(openApi, 'openapi');

/** Every operation, as `GET /api/keys/:id`. */
export const operations: readonly string[] = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.keys(methods)
    .filter((name) => name !== 'parameters')
    .map((method) => `${method.toUpperCase()} ${BASE}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
);

/** What is answered to requests that are no operation, by status. */
const OTHERWISE: Readonly<Record<number, string>> = {
  401: 'SessionRequired',
  403: 'Refused',
  404: 'NoSuchPath',
  413: 'TooLarge',
  415: 'NotJson',
};

/** Throws where the answer is none that the document has for this request, or for what is no operation. */
export function checkAnswer(method: string, path: string, { status, body }: { status: number; body: unknown }): void {
  const found = operationOf(method, path);
  if (found === undefined) {
    const name = OTHERWISE[status] ?? `${status} for no operation`;
    return check(`/components/responses/${name}/content/application~1json/schema`, body, `${method} ${path}`);
  }
  const [template, operation] = found;
  if (operation.responses[status] === undefined) throw new Error(`${method} ${template}: ${status} is not told of`);
  const pointer = ['paths', template, method.toLowerCase(), 'responses', String(status)];
  const response = operation.responses[status];
  const location = '$ref' in response ? String(response['$ref']).slice(1) : `/${pointer.map(escape).join('/')}`;
  check(`${location}/content/application~1json/schema`, body, `${method} ${template} ${status}`);
}

/** Throws where the document does not have a request with this body. */
export function checkRequest(method: string, path: string, body: unknown): void {
  const [template] = operationOf(method, path) ?? [path];
  const pointer = `/${['paths', template, method.toLowerCase(), 'requestBody'].map(escape).join('/')}`;
  check(`${pointer}/content/application~1json/schema`, body, `${method} ${template}`);
}

function operationOf(method: string, path: string): readonly [template: string, operation: Operation] | undefined {
  const own = path.replace(/\?.*/, '').slice(BASE.length);
  for (const [template, methods] of Object.entries(openApi.paths)) {
    const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    const operation = methods[method.toLowerCase()];
    if (pattern.test(own) && operation !== undefined) return [template, operation];
  }
  return undefined;
}

function check(location: string, value: unknown, what: string): void {
  const validate: ValidateFunction = ajv.compile({ $ref: `openapi#${location}` });
  if (!validate(value)) throw new Error(`${what}: ${ajv.errorsText(validate.errors)}`);
}

function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
}
