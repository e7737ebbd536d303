import { parseSync } from '@swc/core';

/** What the tests of a file are called, and the groups of them, as they are written. */
export interface TestTitles {
  readonly tests: readonly string[];
  readonly groups: readonly string[];
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** `test`, `describe` and what of theirs runs; whatever else begins so leaves out what is in it. */
const RUNS = /^(?:test|describe)(?:\.concurrent)?(?:\.each\.of)?$/;
const BEGINS = /^(?:[xf]?(?:test|it|describe))(?:\.|$)/;
const RUNS_ALONE = /^f(?:test|it|describe)\b|\.only\b/;

/** The titles in the source of a test file, of what is run: a file in which one test runs alone has none. */
export function testTitlesIn(source: string): TestTitles {
  const calls = callsIn(parseSync(source, { syntax: 'typescript' }));
  if (calls.some(({ callee }) => RUNS_ALONE.test(callee))) return { tests: [], groups: [] };
  const of = (kind: string) =>
    calls.flatMap(({ callee, title }) =>
      RUNS.test(callee) && callee.startsWith(kind) && title !== undefined ? [title] : [],
    );
  return { tests: of('test'), groups: of('describe') };
}

interface Call {
  readonly callee: string;
  readonly title: string | undefined;
}

/** The calls of tests and groups in a part of a syntax tree, but for what is within one that is left out. */
function callsIn(part: unknown): readonly Call[] {
  if (Array.isArray(part)) return part.flatMap(callsIn);
  if (!isNode(part)) return typeof part === 'object' && part !== null ? Object.values(part).flatMap(callsIn) : [];
  if (part.type !== 'CallExpression') return Object.values(part).flatMap(callsIn);
  const callee = chainOf(part['callee']).join('.');
  if (!BEGINS.test(callee)) return Object.values(part).flatMap(callsIn);
  const [title, ...rest] = argumentsOf(part);
  const call = { callee, title: rest.length > 0 ? textOf(title) : undefined };
  return RUNS.test(callee) ? [call, ...callsIn(rest)] : [call];
}

/** `test.each([1])` is `test`, `each`, `of`; without a row it is of nothing. */
function chainOf(node: unknown): readonly string[] {
  if (!isNode(node)) return ['?'];
  if (node.type === 'Identifier') return [String(node['value'])];
  if (node.type === 'MemberExpression') return [...chainOf(node['object']), ...chainOf(node['property'])];
  if (node.type !== 'CallExpression') return ['?'];
  const [rows] = argumentsOf(node);
  const isEmpty = rows === undefined || (rows.type === 'ArrayExpression' && [rows['elements']].flat().length === 0);
  return [...chainOf(node['callee']), isEmpty ? 'nothing' : 'of'];
}

function argumentsOf(call: Node): readonly Node[] {
  return [call['arguments']].flat().flatMap((argument) => {
    const expression =
      typeof argument === 'object' && argument !== null && 'expression' in argument && argument.expression;
    return isNode(expression) ? [expression] : [];
  });
}

/** The value of a text that has no parts to fill in. */
function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'StringLiteral') return String(node['value']);
  if (node?.type !== 'TemplateLiteral') return undefined;
  const [part, ...more] = [node['quasis']].flat();
  return more.length === 0 && isNode(part) ? String(part['cooked']) : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
