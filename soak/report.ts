import type { FuzzResult } from './fuzz.ts';
import type { SoakResult } from './soak.ts';

/** Returns the report of a soak. Its last line is `passed` or `FAILED`. */
export function toReport(result: SoakResult): string {
  const { seconds, requests, outcomes, changes, growth, wrong, wrongCount, latestAcceptanceMs, recordMs } = result;
  const { rssAtStart, rssAtEnd, rssPercent, openFilesBefore, openFilesAfter } = growth;
  const lines = [
    `requests          ${requests} in ${seconds} s, ${Math.round(requests / seconds)} requests/s`,
    ...sorted(outcomes).map(([name, count]) => `  ${name.padEnd(26)} ${count}`),
    `changes of keys   ${sorted(changes)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
    `faults            ${result.outages} outages, ${result.failedStoreRequests} failed requests to the store`,
    `log lines         ${result.logLines}`,
    `revoked keys      last accepted ${latestAcceptanceMs} ms after the revocation, at most ${recordMs} ms allowed`,
    `RSS               ${megabytes(rssAtStart)} after warm-up, ${megabytes(rssAtEnd)} at the end, ${signed(rssPercent)} %`,
    `handles           ${handles(growth.handlesBefore)} after warm-up; ${handles(growth.handlesAfter)} at the end`,
    `open files        ${openFilesBefore} after warm-up, ${openFilesAfter} at the end`,
    `wrong answers     ${wrongCount}`,
    ...[...wrong, ...growth.problems].map((problem) => `  ${problem}`),
    hasPassed(result) ? 'passed' : 'FAILED',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Returns the report of a soak that checks only the responses, not the growth. */
export function toAnswersReport(name: string, { seconds, requests, outages, wrong, wrongCount }: SoakResult): string {
  const lines = [
    `${name.padEnd(17)} ${requests} requests in ${seconds} s with ${outages} outages, wrong answers ${wrongCount}`,
    ...wrong.map((problem) => `  ${problem}`),
    requests > 0 && wrongCount === 0 ? 'passed' : 'FAILED',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Returns the report of a fuzzing run. */
export function toFuzzReport({ cases, byteCases, kept, blocks, outcomes, problems }: FuzzResult): string {
  const lines = [
    `hostile events    ${cases}, ${byteCases} of them with mutated bytes; ${blocks} blocks ran, ${kept} inputs ran new ones`,
    ...sorted(outcomes).map(([name, count]) => `  ${name.padEnd(26)} ${count}`),
    `problems          ${problems.length}`,
    ...problems.map((problem) => `  ${problem}`),
    problems.length === 0 ? 'passed' : 'FAILED',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Returns whether every response was right and growth stayed within its limits. */
export function hasPassed({ wrongCount, growth, requests }: SoakResult): boolean {
  return requests > 0 && wrongCount === 0 && growth.problems.length === 0;
}

function sorted(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].toSorted(([one], [other]) => one.localeCompare(other));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function signed(percent: number): string {
  return `${percent < 0 ? '' : '+'}${percent.toFixed(1)}`;
}

function handles(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}
