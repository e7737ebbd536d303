import { InvalidArgumentError } from 'commander';
import { isJsonObject, type JsonObject } from '../keys/json.ts';
import { parseJson } from './parseJson.ts';

/**
 * Reads `--metadata`.
 *
 * @throws InvalidArgumentError of Commander
 */
export function parseMetadata(text: string): JsonObject {
  const value = parseJson(text);
  if (isJsonObject(value)) return value;
  throw new InvalidArgumentError('Wanted a JSON object, such as {"seats":3}.');
}
