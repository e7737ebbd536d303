import type { Context } from 'hono';
import { LatchkeyError } from '../../keys/errors.ts';
import type { NewKey } from '../../keys/fields.ts';
import { isDeeper, MAX_DEPTH } from '../../keys/json.ts';
import type { KeyChanges, RevokeOptions, RotateOptions, UpdateOptions } from '../../keys/registry.ts';
import { EDITABLE_FIELDS } from '../../keys/table.ts';

/** The body of `PATCH`: changes, and the version of the record that the page showed. */
export interface UpdateBody {
  readonly changes: KeyChanges;
  readonly expected: NonNullable<UpdateOptions['expected']>;
}

type JsonBody = Readonly<Record<string, unknown>>;

/** A record's depth and what is around the record. */
const MAX_BODY_DEPTH = MAX_DEPTH + 8;

/**
 * The fields of a new key, which the registry checks one by one.
 *
 * @throws LatchkeyError `INPUT_INVALID` for what is no object of such fields
 */
export async function readNewKey(c: Context): Promise<NewKey> {
  const body = await readObject(c, EDITABLE_FIELDS);
  return body as unknown as NewKey;
}

/**
 * Reads changes and the version of the record that they are based on. The registry checks both.
 *
 * @throws LatchkeyError `INPUT_INVALID`, also without `expected`: such an update could undo somebody else's
 */
export async function readUpdate(c: Context, id: string): Promise<UpdateBody> {
  const { changes, expected } = await readObject(c, ['changes', 'expected']);
  if (!isObject(changes)) throw invalid('changes: wanted an object of what is to change');
  if (!isObject(expected)) throw invalid('expected: expected an object with the version of the record, got none');
  const { id: expectedId = id, version } = expected as Partial<UpdateBody['expected']>;
  return { changes, expected: { id: expectedId, version } };
}

/** @throws LatchkeyError `INPUT_INVALID` for what is no object of such fields */
export async function readRevocation(c: Context): Promise<RevokeOptions> {
  const body = await readObject(c, ['reason']);
  return body as RevokeOptions;
}

/** @throws LatchkeyError `INPUT_INVALID` for what is no object of such fields */
export async function readRotation(c: Context): Promise<RotateOptions> {
  const body = await readObject(c, ['graceSeconds', 'expiresAt']);
  return body as unknown as RotateOptions;
}

/** @throws LatchkeyError `INPUT_INVALID` for what is no empty object */
export async function readNothing(c: Context): Promise<void> {
  await readObject(c, []);
}

async function readObject(c: Context, names: readonly string[]): Promise<JsonBody> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (!isObject(body)) throw invalid('body: wanted a JSON object');
  if (isDeeper(body, MAX_BODY_DEPTH))
    throw invalid(`body: wanted no more than ${MAX_BODY_DEPTH} objects and lists in each other`);
  const unknown = Object.keys(body).filter((name) => !names.includes(name));
  if (unknown.length === 0) return body;
  const wanted = names.length === 0 ? 'none' : names.join(', ');
  throw invalid(`body: got ${unknown.length} fields that are not known here, wanted ${wanted}`);
}

function isObject(value: unknown): value is JsonBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('INPUT_INVALID', message);
}
