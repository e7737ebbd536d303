import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { cost } from './cost.ts';
import { COST_RESULTS } from './costFiles.ts';
import { writeCostPage } from './writeCostPage.ts';

const { values } = parseArgs({ options: { node: { type: 'string' }, rounds: { type: 'string' } } });
const results = await cost({
  ...(values.node === undefined ? {} : { node: values.node }),
  ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
  onProgress: (line) => console.log(line),
});
await writeFile(COST_RESULTS, `${JSON.stringify(results, null, 2)}\n`);
await writeCostPage(results);
