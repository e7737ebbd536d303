import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const UNNOTICED = ['Survived', 'NoCoverage'];
const NOTICED = ['Killed', 'Timeout'];

/** Where Stryker writes its report, at the end of a run. */
export const REPORT = `${FOLDER}report/mutation.json`;

/** Stryker's report: its configuration, and of each file its source and its mutants; `undefined` where there is none. */
export function readReport() {
  return existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : undefined;
}

/** Why mutants are not noticed, in groups of one reason: `{ why, mutants: { FILE: ["LINE → LINE"] } }`. */
export function readReasons() {
  return JSON.parse(readFileSync(`${FOLDER}reasons.json`, 'utf8'));
}

/** Each mutant of a file that no test noticed, as the line that it changes and what becomes of it, once each. */
export function survivorsOf({ source, mutants }) {
  const lines = source.split('\n');
  const unnoticed = mutants.filter(({ status }) => UNNOTICED.includes(status));
  return [...new Set(unnoticed.map((mutant) => describeMutant(lines, mutant)))];
}

/** How many mutants of a file there are, and how many were noticed. */
export function countsOf({ mutants }) {
  const of = (statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const noticed = of(NOTICED);
  return { noticed, all: noticed + of(UNNOTICED), timedOut: of(['Timeout']) };
}

/** What is not explained, and what is explained and is no more. */
export function unexplained(files, reasons) {
  const found = new Set(Object.entries(files).flatMap(([file, report]) => named(file, survivorsOf(report))));
  const told = new Set(reasons.flatMap(({ mutants }) => Object.entries(mutants).flatMap((one) => named(...one))));
  return {
    missing: [...found].filter((mutant) => !told.has(mutant)),
    stale: [...told].filter((mutant) => !found.has(mutant)),
  };
}

function named(file, mutants) {
  return mutants.map((mutant) => `${file}: ${mutant}`);
}

function describeMutant(lines, { location: { start, end }, replacement }) {
  const first = lines[start.line - 1];
  const last = lines[end.line - 1];
  const [before, ...more] = `${first.slice(0, start.column - 1)}${replacement}${last.slice(end.column - 1)}`.split(
    '\n',
  );
  return `${first.trim()} → ${[before, ...more].map((line) => line.trim()).join(' ')}`;
}
