import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@swc/core';
import { beforeAll, expect, test } from '@jest/globals';
import { isSafe } from 'redos-detector';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The folders that are installed or deployed, and the local gateway. */
const LAYERS = [
  'keys',
  'lambda',
  'management',
  'infra',
  'middleware',
  'testing',
  'operator',
  'cli',
  'components',
  'console',
  'elements',
  'local',
];

/**
 * False positives of the checker, each with the reason why it's safe. The checker reports every expression with two
 * ways to match a string.
 */
const REVIEWED: readonly (readonly [RegExp, string])[] = [
  [/\{[^{}]*\}/g, 'linear by recheck 4.5.0: it stops at a second brace'],
  [/\bperform:? +([a-z0-9-]+:\w+)/, 'linear by recheck 4.5.0: it begins once a word'],
  [
    /(?:^|[^a-z0-9])(?:your|todo|fixme|insert|dummy|sample|redacted)(?:$|[^a-z0-9])|example|placeholder|change[-_]?me|replace[-_]?(?:me|with|this)|x{6}|0123456789|1234567890|abcdefghij/i,
    'linear by recheck 4.5.0: it has no loop',
  ],
  [
    /\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){1,3}(?:-[0-9a-fA-F]{0,12})?(?![0-9A-Za-z-])|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b|\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)?|\b[A-Za-z][0-9A-Za-z-]{0,128}[0-9A-F]{8}-[0-9A-Za-z]{12,13}\b/g,
    'linear by measurement on 20,000 to 80,000 characters: its only loop begins after a date and stops at the next',
  ],
  [
    /revo[ck]|disab|enab|expir|delet|lock|suspend|active|activat|status|state|valid|until|notafter|archiv|bann|cancel|terminat|remov|retir|end(?:date|s|ed|at|time)|ttl(?!e)|^(?:is)?live$/,
    'linear: it has no loop, and each alternative begins with different letters',
  ],
  [/\n(\(Did you mean [^\n]*\))$/, 'linear by recheck 4.5.0: it begins once a line'],
  [
    /^(?:\d{1,14}|[A-Z]{1,23}\d{0,4}|[A-Z]?[a-z]{0,22}(?:[A-Z][a-z]{2,22}|At|By|Db|Id|If|In|Is|My|No|Of|On|Or|To|Up)*\d{0,4})$/,
    'linear by measurement on 20,000 to 80,000 characters: each part begins with a capital and stops at the next',
  ],
  [
    /^(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/,
    'linear by recheck 4.5.0: at most two ways to match a string',
  ],
  [/^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/, 'linear by recheck 4.5.0: at most two ways to match a string'],
  [/^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/, 'linear by recheck 4.5.0: at most two ways to match a string'],
  [
    /^<[^<>@]*>$|^\[[^[\]]*\]$|\$\{[^{}]*\}|^\$\w+$|\{\{[^{}]*\}\}|^%[A-Z_]{3,}%|^__\w+__$|\*{4}|\.{3}$|…/,
    'linear by recheck 4.5.0: it stops at a second bracket',
  ],
  [
    /^[\w.!#$%&'*+/=?^`{|}~-]+@(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24})$|<[^<>\s@]+@[^<>\s@]+>/i,
    'linear by recheck 4.5.0: it stops at a second at sign',
  ],
  [/arn:[\w-]+:lambda:[^:]*:\d*:function:([\w-]+)/, 'linear by recheck 4.5.0: each part ends at its colon'],
  [/^\/([^/]*)(.*)$/s, 'linear by recheck 4.5.0: it matches the rest as a whole'],
  [/\$\{([^${}]+)\}/g, 'linear by recheck 4.5.0: it stops at a second dollar sign'],
];

/**
 * The files that build an expression from strings, and the source of those strings. The checker can't read such
 * expressions.
 */
const BUILT_FROM_STRINGS: Readonly<Record<string, string>> = {
  'keys/changes.ts': 'one of two marks, to find names in an expression that the file itself builds',
  'keys/fields.ts': 'a number of characters of one class',
  'components/formErrors.ts': "alternatives of the form's own field names",
  'infra/keySources.ts': 'alternatives of its own header names, at synthesis',
  'cli/importExport/notAKey.ts': 'file endings, schemes and the labels of host names; linear by recheck 4.5.0',
  'keys/findKeys.ts': 'one class with a minimum length, and groups of a fixed length',
  'keys/printable.ts': 'one class that matches single characters',
  'local/template.ts': "the pattern of the user's own template, the same as in API Gateway",
};

interface Found {
  readonly literals: readonly RegExp[];
  readonly builtFromStrings: readonly string[];
}

let found: Found;
beforeAll(async () => {
  const layers = await Promise.all(LAYERS.map(findExpressions));
  found = {
    literals: layers.flatMap(({ literals }) => literals),
    builtFromStrings: layers.flatMap(({ builtFromStrings }) => builtFromStrings),
  };
});

async function findExpressions(layer: string): Promise<Found> {
  const names = await readdir(join(ROOT, layer), { recursive: true });
  const files = names.filter((name) => /\.tsx?$/.test(name)).map((name) => `${layer}/${name}`);
  const modules = await Promise.all(files.map(async (file) => ({ file, nodes: getNodes(await parseFile(file)) })));
  return {
    literals: modules.flatMap(({ nodes }) => nodes.flatMap(toLiterals)),
    builtFromStrings: modules.filter(({ nodes }) => nodes.some(isBuiltFromStrings)).map(({ file }) => file),
  };
}

async function parseFile(file: string): Promise<unknown> {
  const source = await readFile(join(ROOT, file), 'utf8');
  return parse(source, { syntax: 'typescript', tsx: file.endsWith('x') });
}

interface Node {
  readonly type?: unknown;
  readonly pattern?: unknown;
  readonly flags?: unknown;
  readonly callee?: Node;
  readonly value?: unknown;
}

/** Returns the literals and calls of a syntax tree. */
function getNodes(part: unknown): readonly Node[] {
  const nodes: Node[] = [];
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    const { type }: Node = part;
    if (typeof type === 'string' && /^(?:RegExpLiteral|NewExpression|CallExpression)$/.test(type)) nodes.push(part);
    Object.values(part).forEach(visit);
  };
  visit(part);
  return nodes;
}

function toLiterals({ type, pattern, flags }: Node): readonly RegExp[] {
  return type === 'RegExpLiteral' ? [new RegExp(String(pattern), String(flags))] : [];
}

function isBuiltFromStrings({ type, callee }: Node): boolean {
  return type !== 'RegExpLiteral' && callee?.value === 'RegExp';
}

/** Returns whether the expression's backtracking can grow faster than its input. */
function isSlow(expression: RegExp): boolean {
  return isSafe(expression).score.infinite;
}

test('every regular expression runs in linear time unless it has been reviewed', () => {
  expect(found.literals.length).toBeGreaterThan(100);
  const slow = new Set(found.literals.filter(isSlow).map(String));
  expect([...slow].toSorted()).toEqual(REVIEWED.map(([expression]) => String(expression)).toSorted());
  for (const [, reason] of REVIEWED) expect(reason.length).toBeGreaterThan(30);
  // The checker takes several seconds. It takes longer on a busy machine.
}, 120_000);

test('every file that builds regular expressions from strings has been reviewed', () => {
  expect(found.builtFromStrings.toSorted()).toEqual(Object.keys(BUILT_FROM_STRINGS).toSorted());
});

test.each([/\{[^}]*\}/g, /(\w+)\d/, /^(a+)+b/, / +$/gm, /\s*,\s*/])(
  'the check of regular expressions reports %s as slow',
  (expression) => {
    expect(isSlow(expression)).toBe(true);
  },
);
