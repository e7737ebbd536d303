import type { Context } from 'hono';
import { ZodObject, type ZodType } from 'zod';
import { LatchkeyError } from '../keys/errors.ts';
import { isDeeper, MAX_DEPTH } from '../keys/json.ts';
import { RequestProblem } from './problems.ts';
import { toInputError } from './inputError.ts';

/** Maximum depth of a body: the depth of a record, and of the objects around it. */
const MAX_BODY_DEPTH = MAX_DEPTH + 8;
/** Maximum length of a body. The longest change has metadata and scopes of 1 KB each. */
const MAX_BODY_LENGTH = 64 * 1024;
const JSON_TYPES = /^application\/(merge-patch\+)?json *(;|$)/i;

/**
 * Returns the body of a request by its schema. A request without a body counts as an empty object.
 *
 * @throws LatchkeyError `INPUT_INVALID`; RequestProblem `JSON_REQUIRED` for another content type;
 * `BODY_TOO_LARGE`
 */
export async function readBody<T>(c: Context, schema: ZodType<T>): Promise<T> {
  const text = await c.req.text();
  if (text !== '' && !JSON_TYPES.test(c.req.header('content-type') ?? '')) {
    throw new RequestProblem('JSON_REQUIRED', 'content type: expected application/json');
  }
  if (text.length > MAX_BODY_LENGTH) throw new RequestProblem('BODY_TOO_LARGE', 'body: expected at most 64 KB');
  const body = text === '' ? {} : parseJson(text);
  if (isDeeper(body, MAX_BODY_DEPTH)) {
    throw invalid(`body: expected at most ${MAX_BODY_DEPTH} levels of nested objects and lists`);
  }
  check(body, schema, 'json');
  // The schema's own copy would lack metadata named `__proto__`, which the registry rejects.
  return body as T;
}

/**
 * Returns the query of a request by its schema.
 *
 * @throws LatchkeyError `INPUT_INVALID`, also for a repeated parameter
 */
export function readQuery<T>(c: Context, schema: ZodType<T>): T {
  const queries = Object.entries(c.req.queries());
  const repeated = queries.find(([, values]) => values.length > 1);
  if (repeated !== undefined) throw invalid(`query: expected each parameter once, got ${repeated[1].length}`);
  return check(Object.fromEntries(queries.map(([name, [value]]) => [name, value])), schema, 'query');
}

/**
 * Returns the version in the header `If-Match`, or `undefined` if there is none or it is `*`.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function readExpectedVersion(c: Context): number | undefined {
  const header = c.req.header('if-match');
  if (header === undefined || header.trim() === '*') return undefined;
  const [, version] = /^"(\d{1,15})"$/.exec(header.trim()) ?? [];
  if (version !== undefined) return Number(version);
  throw invalid('If-Match: expected one ETag of the key, such as "3"');
}

/**
 * Returns the header `Idempotency-Key`, or `undefined` if there is none.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function readIdempotencyKey(c: Context): string | undefined {
  const key = c.req.header('idempotency-key');
  if (key === undefined || /^[!-~]{1,255}$/.test(key)) return key;
  throw invalid('Idempotency-Key: expected 1 to 255 visible ASCII characters');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('body: expected a JSON object, got text that is not JSON');
  }
}

function check<T>(value: unknown, schema: ZodType<T>, target: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = schema instanceof ZodObject ? Object.keys(schema.shape) : [];
  throw toInputError({ error: result.error, data: value, fields }, target);
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('INPUT_INVALID', message);
}
