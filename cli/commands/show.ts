import { keyCommand } from '../command.ts';
import { recordFields } from '../records.ts';

const HELP = `
  latchkey show 0f8c1a52 --table keys`;

/** Adds `latchkey show`, which prints the record of one key. */
export const addShowCommand = keyCommand({
  name: 'show',
  description: 'Show the record of a key. It never contains the key itself.',
  help: HELP,
  print: (record, { acceptedKeys }, deps) => recordFields(record, deps, acceptedKeys),
});
