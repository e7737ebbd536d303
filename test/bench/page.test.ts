import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { barChart } from '../../bench/page/barChart.ts';
import { figure } from '../../bench/page/figure.ts';
import { countOf, medianOf, ratioOf, TARGETS, verdictOn, type Target } from '../../bench/page/heldTo.ts';
import { makePage, type PageFiles } from '../../bench/page/makePage.ts';
import { SECTIONS } from '../../bench/page/sections.ts';
import { chartsOnDisk, DOCS } from '../../bench/page/writePage.ts';
import { readResults, type PartResult } from '../../bench/results.ts';

/** A part's result with these rounds of one group. */
function resultOf(group: string, rounds: Record<string, number[]>): PartResult {
  return {
    measuredAt: '2030-01-01T00:00:00.000Z',
    machine: { cpu: 'a processor', cores: 2, memoryGb: 8, platform: 'linux x64', node: 'v24.0.0' },
    versions: { jose: '6.0.0' },
    groups: { [group]: { unit: 'µs', rounds } },
    leftOut: { bcryptjs: 'it is not installed' },
  };
}

describe('the speed page', () => {
  let made: PageFiles;
  beforeAll(async () => {
    made = await makePage(readResults());
  });

  test('and its charts are what results.json gives; if not, run npm run bench -- page', () => {
    for (const [path, content] of Object.entries(made)) expect(readFileSync(join(DOCS, path), 'utf8')).toBe(content);
    expect(chartsOnDisk().toSorted()).toEqual(
      Object.keys(made)
        .filter((path) => path.endsWith('.svg'))
        .toSorted(),
    );
  });

  test('is of results that name no machine, user or path', () => {
    expect(JSON.stringify(readResults())).not.toMatch(/\/(home|root|tmp|work|Users)\/|https?:/);
  });

  test('shows medians, their spread, the rounds’ own ratios, the machine, versions and what was left out', async () => {
    const rounds = { 'Latchkey, from the record cache': [1, 2, 3], 'jose RS256': [50, 20, 90] };
    const page = (await makePage({ peers: resultOf('verification', rounds) }))['speed.md'];
    expect(page).toMatch(/jose RS256 +\| +50\.0 \(20\.0–90\.0\) +\| +30\.0 \|/);
    expect(page).toContain('2030-01-01, 3 rounds; Node v24.0.0 on linux x64, 2 cores of a processor, 8 GB; jose 6.0.0');
    expect(page).toContain('Left out: bcryptjs: it is not installed.');
    expect(page).not.toContain('## CPU of a read');
  });

  test('has the rounds of each group by itself', async () => {
    const { groups, ...part } = resultOf('operations', { 'lru-cache, new key': [1, 2, 3] });
    const retained = { unit: 'MB', rounds: { 'lru-cache': [1, 2] } };
    const page = (await makePage({ maps: { ...part, groups: { ...groups, retained } } }))['speed.md'];
    expect([...String(page).matchAll(/_2030-01-01, (\d) rounds;/g)].map(([, rounds]) => rounds)).toEqual(['3', '2']);
  });
});

describe('a target', () => {
  const target = (got: number | undefined, others: Partial<Target> = {}): Target => ({
    wanted: 'something',
    limit: 10,
    unit: '×',
    figure: () => got,
    ...others,
  });

  test.each([
    [10, {}, 'held'],
    [10.1, {}, 'missed'],
    [8, { stretch: 8 }, 'stretch held'],
    [8.1, { stretch: 8 }, 'held'],
    [10, { isHigherBetter: true }, 'held'],
    [9.9, { isHigherBetter: true }, 'missed'],
    [undefined, {}, 'not measured'],
  ])('of 10 that comes to %p with %j is %s', (got, others, verdict) => {
    expect(verdictOn(target(got, others), {})).toBe(verdict);
  });

  test.each(TARGETS)('is measured in the committed results: $wanted', (target) => {
    expect(target.figure(readResults())).toBeGreaterThan(0);
    expect(verdictOn(target, readResults())).not.toBe('not measured');
  });

  test.each([
    ['a ratio', ratioOf('peers', 'verification', 'jose RS256', 'jose ES256')],
    ['a median', medianOf('peers', 'verification', 'jose RS256')],
    ['a count', countOf('cold', 'ours, gzip bytes')],
  ])('that is %s is measured by its names', (_, figure) => {
    expect(verdictOn(target(0, { figure }), readResults())).not.toBe('not measured');
  });

  test.each([
    ['part', ratioOf('cost', 'verification', 'jose RS256', 'jose ES256')],
    ['group', ratioOf('peers', 'verifications', 'jose RS256', 'jose ES256')],
    ['case of a ratio', ratioOf('peers', 'verification', 'jose RS255', 'jose ES256')],
    ['base of a ratio', ratioOf('peers', 'verification', 'jose RS256', 'jose ES255')],
    ['case of a median', medianOf('peers', 'verification', 'jose RS255')],
    ['count', countOf('cold', 'ours, gzip byte')],
  ])('of another %s than was measured is not measured', (_, figure) => {
    expect(verdictOn(target(0, { figure }), readResults())).toBe('not measured');
  });
});

test.each(SECTIONS)('the committed results have what the page tells of: $title', ({ part, group, base, hasCounts }) => {
  const result = readResults()[part];
  const cases = Object.keys(result?.groups[group]?.rounds ?? {});
  expect(cases).not.toEqual([]);
  if (base !== undefined) expect(cases).toContain(base);
  if (hasCounts === true) expect(result?.counts).toBeDefined();
});

test.each([
  [0, '0'],
  [0.012_34, '0.0123'],
  [0.9999, '1.00'],
  [1.234, '1.23'],
  [45.67, '45.7'],
  [999.6, '1 000'],
  [1234, '1 230'],
  [78_912.3, '78 900'],
  [1_234_567, '1 230 000'],
])('%p is shown as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

describe('a chart', () => {
  const rects = (svg: string) => [...svg.matchAll(/class="(?:bar|ours)" x="37" y="\d+" width="([\d.]+)"/g)];

  test('has bars as long as their medians where the scale is linear', () => {
    const svg = barChart('A title', { unit: 'µs', rounds: { a: [10], b: [20], c: [40] } });
    const widths = rects(svg).map(([, width]) => Number(width));
    expect(widths).toEqual([95, 190, 380]);
    expect(svg).not.toContain('logarithmic');
  });

  test('has dots and the powers of ten where its scale is logarithmic, and says so: it has no 0 for a bar to begin at', () => {
    const svg = barChart('A title', { unit: 'µs', rounds: { a: [1], b: [10], c: [100] } });
    const [a = 0, b = 0, c = 0] = [...svg.matchAll(/<circle class="bar" cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    const lines = [...svg.matchAll(/class="decade" d="M([\d.]+) /g)].map(([, x]) => Number(x));
    expect([a, b, c]).toEqual([37, 227, 417]);
    expect(lines).toEqual([a, b, c]);
    expect(rects(svg)).toEqual([]);
    expect(svg).toContain('logarithmic scale');
  });

  test('has the smallest first, and Latchkey in its colour', () => {
    const svg = barChart('A title', { unit: 'µs', rounds: { b: [3], 'Latchkey, cached': [2], a: [1] } });
    const kinds = [...svg.matchAll(/<rect class="(\w+)"/g)].map(([, kind]) => kind);
    expect(kinds).toEqual(['bar', 'ours', 'bar']);
    expect(svg).toContain('green is Latchkey');
  });

  test('escapes what it is given', () => {
    const svg = barChart('<a> & "b"', { unit: 'µs', rounds: { '<c>': [1] } });
    expect(svg).toContain('aria-label="&lt;a> &amp; &quot;b&quot;"');
    expect(svg).toContain('>&lt;c></text>');
  });
});
