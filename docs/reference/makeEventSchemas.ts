// Writes the JSON Schemas of the events to docs/key-events.schema.json, from the schemas of `latchkey/testing`.
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { keyEventSchemas } from '../../testing/keyEventSchemas.ts';

const file = new URL('../key-events.schema.json', import.meta.url);
writeFileSync(file, await format(JSON.stringify(keyEventSchemas), { parser: 'json', printWidth: 120 }));
