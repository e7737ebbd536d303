// Reads a generated file of many keys with the reader of `import`, without a table. Prints two numbers: the keys that
// it read, and the highest memory use (RSS).
// Usage: readLargeFile.ts FORMAT COUNT
import { createHash } from 'node:crypto';
import { readFileStart } from '../../cli/importExport/fileStart.ts';
import { detectFormat, FORMATS } from '../../cli/importExport/formats.ts';
import { ReviewedKeys } from '../../cli/importExport/reviewedKeys.ts';
import { LARGE_FILES } from './largeFiles.ts';

const NOW_MS = Date.UTC(2030, 0);
const CHUNK = 64 * 1024;

const [name = '', count = '0'] = process.argv.slice(2);
const file = LARGE_FILES[name];
if (file === undefined) throw new Error(`no format ${name}`);

let highest = 0;
const measure = (): void => {
  highest = Math.max(highest, process.memoryUsage().rss);
};

async function* chunks(): AsyncGenerator<string> {
  let text = file?.start ?? '';
  for (let index = 0; index < Number(count); index++) {
    const hash = createHash('sha256').update(`key ${index}`).digest();
    text += (index === 0 ? '' : (file?.separator ?? '')) + (file?.entry(hash, index) ?? '');
    if (text.length < CHUNK) continue;
    yield text;
    measure();
    text = '';
  }
  yield text + (file?.end ?? '');
}

const source = chunks();
const { value: head = '' } = await source.next();
const start = readFileStart(head);
if (start === undefined) throw new Error('the file is empty');

async function* whole(): AsyncGenerator<string> {
  yield head;
  yield* source;
}

const entries = FORMATS[detectFormat(start)].read({
  head,
  chunks: whole(),
  warn: () => {},
  nowMs: NOW_MS,
  options: { allowWeak: false },
});
let rejected = 0;
const keys = await ReviewedKeys.read(entries, {
  actor: 'import',
  nowMs: NOW_MS,
  positions: { unit: 'entry', placeOf: String },
  reject: () => void rejected++,
  goesOn: () => true,
});
let read = 0;
for await (const _ of keys.keys()) if (++read % 1000 === 0) measure();
await keys.close();
process.stdout.write(JSON.stringify({ read, rejected, rssMiB: Math.round(highest / 1024 / 1024) }));
