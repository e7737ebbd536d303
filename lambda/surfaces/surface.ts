import type { Config } from '../config.ts';
import type { Decision } from '../authorize.ts';
import type { Credentials } from '../presentedKey.ts';
import type { Route } from '../route.ts';

/** An event before any surface has read it: by name, values of any kind. */
export type EventFields = Readonly<Record<string, unknown>>;

/** What stands for "throw `Unauthorized`", which the gateway answers with 401. */
export const UNAUTHORIZED = Symbol('Unauthorized');

/** What the gateway is answered. */
export type Answer = object | typeof UNAUTHORIZED;

/** What an answer depends on beside the decision. */
export interface Answering {
  readonly config: Config;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** One kind of API that can call a Lambda authorizer. */
export interface Surface {
  /** As logs call it. */
  readonly name: string;
  /** Whether the event is of this surface, with all that `read` and `respond` need. */
  readonly matches: (event: EventFields) => boolean;
  readonly read: (event: EventFields) => Credentials;
  /** What the request asks for, as scopes are judged by it. */
  readonly route: (event: EventFields, config: Config) => Route;
  /** The answer that tells the gateway the decision. */
  readonly respond: (decision: Decision, event: EventFields, answering: Answering) => Answer;
}

/** What a REQUEST event with every value of a header and a query parameter carries. */
export function requestCredentials(event: EventFields): Credentials {
  const { multiValueHeaders, headers, multiValueQueryStringParameters, queryStringParameters } = event;
  return {
    kind: 'request',
    header: (name) => headerValuesIn(multiValueHeaders, headers, name),
    query: (name) => queryValuesIn(multiValueQueryStringParameters, queryStringParameters, name),
  };
}

/**
 * Every value of a header. Where an event has one text for them all, it is taken apart at a comma that an empty value or
 * another bearer key stands beside: other schemes, such as Digest, have commas of their own.
 */
export function headerValuesIn(multiValues: unknown, singleValues: unknown, name: string): readonly string[] {
  const several = collect(multiValues, name, true);
  return several.length > 0 ? several : collect(singleValues, name, true).flatMap(takeApart);
}

function takeApart(joined: string): readonly string[] {
  if (!joined.includes(',')) return [joined];
  const [first = '', ...others] = joined.split(',').map((part) => part.trim());
  const isJoined = first === '' || others.some((part) => part === '' || /^bearer( |$)/i.test(part));
  return others.length > 0 && isJoined ? [first, ...others] : [joined];
}

/** Every value of a query parameter. */
export function queryValuesIn(multiValues: unknown, singleValues: unknown, name: string): readonly string[] {
  const several = collect(multiValues, name, false);
  return several.length > 0 ? several : collect(singleValues, name, false);
}

/** Every value of a name in a map of an event, letter case aside where `anyCase` says so. Reads any shape. */
function collect(map: unknown, wanted: string, anyCase: boolean): readonly string[] {
  if (typeof map !== 'object' || map === null) return [];
  const values: string[] = [];
  for (const name of Object.keys(map)) {
    if (name.length !== wanted.length) continue;
    if (name !== wanted && !(anyCase && name.toLowerCase() === wanted)) continue;
    const value: unknown = (map as EventFields)[name];
    for (const entry of Array.isArray(value) ? value : [value]) if (typeof entry === 'string') values.push(entry);
  }
  return values;
}
