import { startsInAnyCase } from './anyCase.ts';
import type { EventFields } from './eventFields.ts';

/** What a request carries under a name: one value, in a list two of several or more, or none. */
export type CarriedValues = string | readonly string[] | undefined;

/** The values of a header, whose name is given in lower case. */
export function headerValues({ multiValueHeaders, headers }: EventFields, name: string): CarriedValues {
  return valuesIn(multiValueHeaders, name, true) ?? takeApart(valuesIn(headers, name, true));
}

/** The values of a query parameter. */
export function queryValues(
  { multiValueQueryStringParameters, queryStringParameters }: EventFields,
  name: string,
): CarriedValues {
  return valuesIn(multiValueQueryStringParameters, name, false) ?? valuesIn(queryStringParameters, name, false);
}

/**
 * One text for all values of a header is taken apart at a comma that an empty value or another bearer key stands beside: other
 * schemes, such as Digest, have commas of their own.
 */
function takeApart(joined: CarriedValues): CarriedValues {
  if (typeof joined !== 'string' || !joined.includes(',')) return joined;
  const parts = joined.split(',').map((part) => part.trim());
  const isJoined = parts.some((part, at) => part === '' || (at > 0 && /^bearer( |$)/i.test(part)));
  return isJoined ? parts : joined;
}

/** The values of a name in a map of an event, letter case aside where `anyCase` says so. Reads any shape. */
function valuesIn(map: unknown, wanted: string, anyCase: boolean): CarriedValues {
  if (typeof map !== 'object' || map === null) return undefined;
  let found: CarriedValues;
  // Unlike Object.keys, it makes no list of the names. What is parsed from JSON inherits none.
  for (const name in map) {
    if (name.length !== wanted.length || (name !== wanted && !(anyCase && isInAnyCase(name, wanted)))) continue;
    found = withValue(found, (map as EventFields)[name]);
  }
  return found;
}

/** The last name that was found in another case, and what was wanted then. */
const lastFound = { name: '', wanted: '' };

/** Whether a name of the same length is the wanted one, letter case aside. Clients spell it in one way, mostly, which is looked at once. */
function isInAnyCase(name: string, wanted: string): boolean {
  if (name === lastFound.name && wanted === lastFound.wanted) return true;
  if (!startsInAnyCase(name, wanted)) return false;
  lastFound.name = name;
  lastFound.wanted = wanted;
  return true;
}

/** With a value, or each of a list of values, behind what was found so far. Of thousands, two tell that there are several. */
function withValue(found: CarriedValues, value: unknown): CarriedValues {
  if (typeof found === 'object') return found;
  if (typeof value === 'string') return found === undefined ? value : [found, value];
  if (!Array.isArray(value)) return found;
  let all: CarriedValues = found;
  for (const entry of value) if (typeof entry === 'string') all = withValue(all, entry);
  return all;
}
