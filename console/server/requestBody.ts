import type { Context } from 'hono';
import { LatchkeyError } from '../../keys/errors.ts';
import type { NewKey } from '../../keys/fields.ts';
import { isDeeper, MAX_DEPTH } from '../../keys/json.ts';
import type { IssueOptions, KeyChanges, RevokeOptions, RotateOptions, UpdateOptions } from '../../keys/registry.ts';
import { EDITABLE_FIELDS } from '../../keys/table.ts';

/** The body of `PATCH`: the changes, and the version of the record that they are based on. */
export interface UpdateBody {
  readonly changes: KeyChanges;
  readonly expected: NonNullable<UpdateOptions['expected']>;
}

type JsonBody = Readonly<Record<string, unknown>>;

/** Maximum depth of a body: the depth of a record, and of the objects around it. */
const MAX_BODY_DEPTH = MAX_DEPTH + 8;

/** The body of a request for a new key. */
export interface NewKeyBody {
  readonly fields: NewKey;
  readonly options: IssueOptions;
}

/**
 * Returns the fields and the options of a new key. The registry checks their values.
 *
 * @throws LatchkeyError `INPUT_INVALID` if the body isn't an object with only these fields
 */
export async function readNewKey(c: Context): Promise<NewKeyBody> {
  const { prefix, ...fields } = await readObject(c, [...EDITABLE_FIELDS, 'prefix']);
  return { fields: fields as unknown as NewKey, options: { prefix } as IssueOptions };
}

/**
 * Returns changes and the version of the record that they are based on. The registry checks both.
 *
 * @throws LatchkeyError `INPUT_INVALID`, also if `expected` is missing, because the change could then undo someone
 * else's
 */
export async function readUpdate(c: Context, id: string): Promise<UpdateBody> {
  const { changes, expected } = await readObject(c, ['changes', 'expected']);
  if (!isObject(changes)) throw invalid('changes: expected an object with the fields to change');
  if (!isObject(expected)) throw invalid('expected: expected an object with the version that the changes are based on');
  const { id: expectedId = id, version } = expected as Partial<UpdateBody['expected']>;
  return { changes, expected: { id: expectedId, version } };
}

/**
 * Returns the options of a revocation.
 *
 * @throws LatchkeyError `INPUT_INVALID` if the body isn't an object with only these fields
 */
export async function readRevocation(c: Context): Promise<RevokeOptions> {
  const body = await readObject(c, ['reason']);
  return body as RevokeOptions;
}

/**
 * Returns the options of a rotation.
 *
 * @throws LatchkeyError `INPUT_INVALID` if the body isn't an object with only these fields
 */
export async function readRotation(c: Context): Promise<RotateOptions> {
  const body = await readObject(c, ['graceSeconds', 'expiresAt']);
  return body as unknown as RotateOptions;
}

/**
 * Requires a body without fields.
 *
 * @throws LatchkeyError `INPUT_INVALID` if the body isn't an empty object
 */
export async function readEmpty(c: Context): Promise<void> {
  await readObject(c, []);
}

async function readObject(c: Context, names: readonly string[]): Promise<JsonBody> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (!isObject(body)) throw invalid('body: expected a JSON object');
  if (isDeeper(body, MAX_BODY_DEPTH))
    throw invalid(`body: expected at most ${MAX_BODY_DEPTH} levels of nested objects and lists`);
  const unknown = Object.keys(body).filter((name) => !names.includes(name));
  if (unknown.length === 0) return body;
  const expected = names.length === 0 ? 'no fields' : `only the fields ${names.join(', ')}`;
  throw invalid(`body: expected ${expected}, got ${unknown.length} unknown`);
}

function isObject(value: unknown): value is JsonBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('INPUT_INVALID', message);
}
