import { GatewayError } from './gatewayError.ts';
import { headerValues, queryEntries, type GatewayRequest } from './gatewayRequest.ts';

/** What identity sources can name. */
export interface IdentityInput {
  readonly request: Pick<GatewayRequest, 'headers' | 'rawQuery'>;
  /** The event's `requestContext`. */
  readonly context: object;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** The values of the sources, or `undefined` where one is missing or empty: the gateway answers that with 401 by itself. */
export type ReadIdentities = (input: IdentityInput) => readonly string[] | undefined;

/**
 * Reads identity sources: REST's `method.request.header.X`, `method.request.querystring.X`, `context.X` and
 * `stageVariables.X`; the same of HTTP APIs with `$request.`, `$context.` and `$stageVariables.`, and of WebSocket APIs
 * with `route.request.`. Several values of one name count as one, joined by commas. Header names match in any case: HTTP/2 clients
 * send `authorization`, and AWS's own examples name `Authorization`.
 *
 * @throws GatewayError `TEMPLATE_UNSUPPORTED`
 */
export function identityReader(sources: readonly string[]): ReadIdentities {
  const readers = sources.map(readerOf);
  return (input) => {
    const values = readers.map((read) => read(input));
    return values.every((value) => value !== '') ? values : undefined;
  };
}

function readerOf(source: string): (input: IdentityInput) => string {
  const [, place, name = ''] =
    /^(?:method\.|route\.|\$)request\.(header|querystring)\.(.+)$/.exec(source) ??
    /^\$?(context|stageVariables)\.(.+)$/.exec(source) ??
    [];
  if (place === 'header') return ({ request }) => headerValues(request, name).join(',');
  if (place === 'querystring') return ({ request }) => queryValues(request, name).join(',');
  if (place === 'stageVariables') return ({ stageVariables }) => stageVariables[name] ?? '';
  if (place === 'context') return ({ context }) => contextValue(context, name);
  throw new GatewayError('TEMPLATE_UNSUPPORTED', `cannot read the identity source ${source}`);
}

function queryValues(request: IdentityInput['request'], wanted: string): readonly string[] {
  return queryEntries(request)
    .filter(([name]) => name === wanted)
    .map(([, value]) => value);
}

/** The value at a dotted path of `$context`, as text; empty where there is none. */
export function contextValue(context: object, path: string): string {
  let value: unknown = context;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return '';
    value = Object.entries(value).find(([key]) => key === name)?.[1];
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}
