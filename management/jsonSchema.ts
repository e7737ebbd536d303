import * as z from 'zod';

/** A JSON object of the OpenAPI document. */
export interface Json {
  [name: string]: unknown;
}

/** Converts a schema to JSON Schema 2020-12, the dialect of OpenAPI 3.1. A schema with an id becomes a reference. */
export function toJsonSchema(schema: z.ZodType): Json {
  const id = z.globalRegistry.get(schema)?.id;
  if (id !== undefined) return { $ref: `${SCHEMAS}${id}` };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

const SCHEMAS = '#/components/schemas/';

/** Returns the schemas that the document refers to, directly or by other schemas. */
export function usedSchemas(document: unknown): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { io: 'input', uri: (id) => `${SCHEMAS}${id}` });
  const used = new Map<string, Json>();
  const visit = (value: unknown): void => {
    for (const [, id = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w{1,64})"/g)) {
      if (used.has(id)) continue;
      const { $schema: _, $id: __, ...schema } = Object(schemas[id]) as Json;
      used.set(id, schema);
      visit(schema);
    }
  };
  visit(document);
  return Object.fromEntries([...used].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
