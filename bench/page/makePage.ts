import { format } from 'prettier';
import { pairedRatios, spreadOf } from '../statistics.ts';
import type { Group, PartResult, Results } from '../results.ts';
import { barChart } from './barChart.ts';
import { figure, spreadFigure, wholeFigure } from './figure.ts';
import { TARGETS, verdictOn, type Target } from './heldTo.ts';
import { SECTIONS, type Section } from './sections.ts';

/** The page and its charts: contents by file name, below `docs/`. */
export type PageFiles = Readonly<Record<string, string>>;

const HEAD = `# Speed

Made by \`npm run bench\` from [bench/results.json](../bench/results.json); a test holds this page and its charts to that file. To run it again:

\`\`\`sh
npm ci --ignore-scripts --prefix bench # the peers, which are no part of the package
. test/e2e/runtimeClientCache.sh       # Lambda's line of Node, outside the project; or name one with --node PATH
npm run bench                          # or a part of it: npm run bench -- peers --rounds 9
\`\`\`

Each case is held to its answer before it is timed. The cases of a table were measured in turns, each round in an order drawn anew.
A figure is the median over the rounds, with the least and the most behind it; a multiple is the median of the rounds' own ratios. The
machines were shared with other work: trust multiples, not absolutes. Nothing here was measured on AWS.`;

/** Makes `speed.md` and the SVG files of its charts, of these results alone. */
export async function makePage(results: Results): Promise<PageFiles> {
  const parts = [HEAD, heldTo(results)];
  const files: Record<string, string> = {};
  for (const section of SECTIONS) {
    const result = results[section.part];
    const group = result?.groups[section.group];
    if (result === undefined || group === undefined) continue;
    parts.push(`## ${section.title}\n\n${section.text}`, ranOn(result, group));
    if (section.chart !== undefined) {
      const path = `speed/${section.chart}.svg`;
      files[path] = barChart(section.title, group);
      parts.push(`![${section.title}: the medians of the table below](${path})`);
    }
    parts.push(table(section, group), section.hasCounts === true ? countsTable(result) : '', missing(result));
  }
  const page = parts.filter((part) => part !== '').join('\n\n');
  return { 'speed.md': await format(page, { parser: 'markdown', printWidth: 120 }), ...files };
}

function heldTo(results: Results): string {
  const rows = TARGETS.map((target) => {
    const got = target.figure(results);
    const stretch = target.stretch === undefined ? '' : `, stretch ${target.stretch}`;
    const wanted = `${target.isHigherBetter === true ? '≥' : '≤'} ${target.limit}${stretch} ${target.unit}`.trimEnd();
    return `| ${target.wanted} | ${wanted} | ${figureOf(got, target)} | ${verdictOn(target, results)} |`;
  });
  const head = '| | wanted | got | |\n| --- | --: | --: | --- |';
  return `## Held to\n\nWhat was asked for before it was built, with the figure of the results, held or not.\n\n${head}\n${rows.join('\n')}`;
}

function figureOf(got: number | undefined, { unit }: Target): string {
  return got === undefined ? '' : `${figure(got)} ${unit}`.trimEnd();
}

function table({ base }: Section, { unit, rounds }: Group): string {
  const baseValues = base === undefined ? undefined : rounds[base];
  const sorted = Object.entries(rounds).toSorted(
    ([, left], [, right]) => spreadOf(left).median - spreadOf(right).median,
  );
  const hasMultiples = base !== undefined && baseValues !== undefined;
  const rows = sorted.map(([name, values]) => {
    const multiple = hasMultiples ? ` ${figure(spreadOf(pairedRatios(values, baseValues)).median)} |` : '';
    return `| ${name} | ${spreadFigure(values)} |${multiple}`;
  });
  const head = `| | ${unit}, median (min–max) |${hasMultiples ? ` × ${base} |` : ''}`;
  return [head, `| --- | --: |${hasMultiples ? ' --: |' : ''}`, ...rows].join('\n');
}

function countsTable({ counts = {} }: PartResult): string {
  const rows = Object.entries(counts).map(([name, count]) => `| ${name} | ${wholeFigure(count)} |`);
  return ['| | |', '| --- | --: |', ...rows].join('\n');
}

function ranOn({ measuredAt, machine, versions }: PartResult, group: Group): string {
  const { cpu, cores, memoryGb, platform, node } = machine;
  const rounds = Math.max(...Object.values(group.rounds).map((values) => values.length));
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const on = `Node ${node} on ${platform}, ${cores} cores of ${cpu}, ${memoryGb} GB`;
  return `_${[`${measuredAt.slice(0, 10)}, ${rounds} rounds`, on, ...packages].join('; ')}_`;
}

function missing({ leftOut = {} }: PartResult): string {
  const lines = Object.entries(leftOut).map(([name, why]) => `${name}: ${why}`);
  return lines.length === 0 ? '' : `Left out: ${lines.join('; ')}.`;
}
