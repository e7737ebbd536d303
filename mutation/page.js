import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { countsOf, readReasons } from './survivors.js';

const PAGE = fileURLToPath(new URL('../docs/mutation.md', import.meta.url));
const PRETTIER = fileURLToPath(new URL('../node_modules/prettier/bin/prettier.cjs', import.meta.url));
const BEGIN = '<!-- mutation: made by npm run test:mutation -->';

/** Writes the part of docs/mutation.md that is made of a report's files and the reasons. */
export function writePage(files) {
  const [head] = readFileSync(PAGE, 'utf8').split(BEGIN);
  writeFileSync(PAGE, `${head}${BEGIN}\n\n${scores(files)}\n\n${survivors(readReasons())}\n`);
  execFileSync(process.execPath, [PRETTIER, '--write', '--log-level=warn', PAGE], { stdio: 'inherit' });
}

function scores(files) {
  const rows = Object.entries(files)
    .map(([file, report]) => [file, countsOf(report)])
    .filter(([, { all }]) => all > 0)
    .toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  const sum = rows.reduce(
    (sum, [, { noticed, all, timedOut }]) => {
      return { noticed: sum.noticed + noticed, all: sum.all + all, timedOut: sum.timedOut + timedOut };
    },
    { noticed: 0, all: 0, timedOut: 0 },
  );
  return [
    '## Score per file',
    '',
    '| file | mutants | noticed | of these by never ending | score |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...[...rows, ['all', sum]].map(row),
  ].join('\n');
}

function row([name, { noticed, all, timedOut }]) {
  return `| ${name} | ${all} | ${noticed} | ${timedOut} | ${((100 * noticed) / all).toFixed(1)} % |`;
}

function survivors(reasons) {
  const groups = reasons.map(({ why, mutants }) =>
    [
      `### ${why}`,
      ...Object.entries(mutants).map(([file, lines]) => `${file}:\n\n\`\`\`\n${lines.join('\n')}\n\`\`\``),
    ].join('\n\n'),
  );
  return ['## What no test notices, and why', ...groups].join('\n\n');
}
