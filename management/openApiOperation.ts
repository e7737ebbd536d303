import * as z from 'zod';
import { type Json, toJsonSchema } from './jsonSchema.ts';
import { type PlacedOperation, securityOf } from './openApiAudience.ts';
import { problemRef, problemsOf } from './openApiProblems.ts';
import type { Operation } from './operations.ts';

/** Describes an operation. */
export function describeOperation(placed: PlacedOperation, tag: string): Json {
  const { id, path, audience, operation } = placed;
  const { summary, description, body, query, status, response } = operation;
  const parameters = [...(path.includes('{id}') ? [KEY_ID] : []), ...queryParameters(query), ...headers(operation)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: securityOf(audience),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: describeBody(operation) }),
    responses: {
      [status]: {
        description: SUCCESS[status],
        ...(status !== 204 && { headers: responseHeaders(operation) }),
        ...(response !== undefined && { content: { 'application/json': { schema: toJsonSchema(response) } } }),
      },
      ...Object.fromEntries(problemsOf(placed).map((problem) => [problem, problemRef(problem)])),
    },
  };
}

const SUCCESS = {
  200: 'The request succeeded.',
  201: 'The key or the code was created.',
  204: 'The request succeeded.',
};

const KEY_ID = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id of the key.',
  schema: { type: 'string', pattern: '^[0-9A-Za-z-]{1,36}$' },
  example: '0b9f6a52-6f0d-4f0c-9d6e-2f1f9f1c7a11',
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'A text of your choice that identifies the change for 24 hours, such as a UUID. A repeat makes no second change.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
  example: '5f0c2f1e-6a0a-4f5e-9a57-3f4c6de3f0a1',
};

const IF_MATCH = {
  name: 'If-Match',
  in: 'header',
  description: 'The `ETag` of the key that the change is based on. A change since then makes the request fail.',
  schema: { type: 'string' },
  example: '"3"',
};

function headers({ createsKey, takesVersion }: Operation): readonly Json[] {
  return [...(createsKey ? [IDEMPOTENCY_KEY] : []), ...(takesVersion ? [IF_MATCH] : [])];
}

function responseHeaders({ createsKey, hasVersion }: Operation): Json {
  return {
    'Cache-Control': { description: 'Always `no-store`.', schema: { type: 'string' } },
    ...(hasVersion && { ETag: { description: "The record's version in quotes.", schema: { type: 'string' } } }),
    ...(createsKey && {
      'Idempotency-Replayed': {
        description: '`true` if the response repeats an earlier one.',
        schema: { type: 'string', enum: ['true'] },
      },
    }),
  };
}

function describeBody({ body, takesVersion }: Operation): Json {
  const schema = toJsonSchema(body ?? z.never());
  const types = ['application/json', ...(takesVersion ? ['application/merge-patch+json'] : [])];
  const isRequired = body !== undefined && !body.safeParse({}).success;
  return { required: isRequired, content: Object.fromEntries(types.map((type) => [type, { schema }])) };
}

function queryParameters(query: z.ZodType | undefined): readonly Json[] {
  if (query === undefined) return [];
  const { properties = {} } = z.toJSONSchema(query, { io: 'output' });
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = Object(schema) as Json;
    return { name, in: 'query', description, schema: rest };
  });
}
