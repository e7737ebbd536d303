import { keyCommand } from '../command.ts';
import { recordFields } from '../records.ts';

/** Adds `latchkey show`, which prints the record of one key. */
export const addShowCommand = keyCommand({
  examples: ['latchkey show 0f8c1a52 --stack Orders', 'latchkey show 0f8c1a52 --table keys --json'],
  print: (record, { acceptedKeys }, deps) => recordFields(record, deps, acceptedKeys),
});
