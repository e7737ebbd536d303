// What `main.ts` starts for each part, on the Node that is measured: runs the part and sends its parent the result.
import { describeMachine } from './machine.ts';
import { isPartName, PARTS, type Part } from './parts.ts';

const [name = '', rounds = '', runtimeClient] = process.argv.slice(2);
if (!isPartName(name)) throw new Error(`no part is called ${name}`);
const part: Part = PARTS[name];
const measured = await part.measure({ rounds: Number(rounds), node: process.execPath, runtimeClient });
process.send?.({ ...measured, machine: describeMachine() });
process.disconnect();
