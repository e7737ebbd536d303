import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@swc/core';
import { beforeAll, expect, test } from '@jest/globals';
import { isSafe } from 'redos-detector';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** All that is installed or deployed, and the local gateway. */
const LAYERS = ['keys', 'lambda', 'infra', 'testing', 'operator', 'cli', 'console', 'local'];

/** Told by the checker, which takes any two ways through a text for many, and no fault, each for its reason. */
const LOOKED_AT: readonly (readonly [RegExp, string])[] = [
  [/[a-z0-9]*$/, 'keys/findKeys.ts runs it on a part of a few characters that is cut out before'],
  [/\{[^{}]*\}/g, 'linear by recheck 4.5.0: no second brace is passed'],
  [/\bperform:? +([a-z0-9-]+:\w+)/, 'linear by recheck 4.5.0: a word begins once'],
  [
    /(?:^|[^a-z0-9])(?:your|todo|fixme|insert|dummy|sample|redacted)(?:$|[^a-z0-9])|example|placeholder|change[-_]?me|replace[-_]?(?:me|with|this)|x{6}|0123456789|1234567890|abcdefghij/i,
    'linear by recheck 4.5.0: it has no loop',
  ],
  [
    /\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){1,3}(?:-[0-9a-fA-F]{0,12})?(?![0-9A-Za-z-])|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b|\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)?|\b[A-Za-z][0-9A-Za-z-]{0,128}[0-9A-F]{8}-[0-9A-Za-z]{12,13}\b/g,
    'linear by its times on 20,000 to 80,000 characters: its one loop begins behind a date, and passes no other',
  ],
  [
    /revo[ck]|disab|enab|expir|delet|lock|suspend|active|activat|status|state|valid|until|notafter|archiv|bann|cancel|terminat|remov|retir|end(?:date|s|ed|at|time)|ttl(?!e)|^(?:is)?live$/,
    'linear: it has no loop, and each part begins with letters of its own',
  ],
  [/\n(\(Did you mean [^\n]*\))$/, 'linear by recheck 4.5.0: it begins once a line'],
  [
    /^(?:\d{1,14}|[A-Z]{1,23}\d{0,4}|[A-Z]?[a-z]{0,22}(?:[A-Z][a-z]{2,22}|At|By|Db|Id|If|In|Is|My|No|Of|On|Or|To|Up)*\d{0,4})$/,
    'linear by its times on 20,000 to 80,000 characters: each part begins with a capital, and passes no other',
  ],
  [
    /^(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/,
    'linear by recheck 4.5.0: two ways through a text at most',
  ],
  [/^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/, 'linear by recheck 4.5.0: two ways through a text at most'],
  [/^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/, 'linear by recheck 4.5.0: two ways through a text at most'],
  [
    /^<[^<>@]*>$|^\[[^[\]]*\]$|\$\{[^{}]*\}|^\$\w+$|\{\{[^{}]*\}\}|^%[A-Z_]{3,}%|^__\w+__$|\*{4}|\.{3}$|…/,
    'linear by recheck 4.5.0: no second bracket is passed',
  ],
  [
    /^[\w.!#$%&'*+/=?^`{|}~-]+@(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24})$|<[^<>\s@]+@[^<>\s@]+>/i,
    'linear by recheck 4.5.0: no second at sign is passed',
  ],
  [/arn:[\w-]+:lambda:[^:]*:\d*:function:([\w-]+)/, 'linear by recheck 4.5.0: each part ends at its colon'],
  [/^\/([^/]*)(.*)$/s, 'linear by recheck 4.5.0: what is left is taken whole'],
  [/\$\{([^${}]+)\}/g, 'linear by recheck 4.5.0: no second dollar is passed'],
];

/** Where an expression is put together, which the checker cannot look at, and of what. */
const PUT_TOGETHER: Readonly<Record<string, string>> = {
  'keys/changes.ts': 'one of two marks, to find names in an expression of its own',
  'keys/fields.ts': 'a number of characters, of one class',
  'infra/keySources.ts': 'names of headers of its own, one or another, at synthesis',
  'cli/importExport/notAKey.ts': 'of file endings, schemes and the labels of host names, linear by recheck 4.5.0',
  'keys/findKeys.ts': 'one class with a least length, and groups of a set length',
  'keys/printable.ts': 'one class of characters, looked at one by one',
  'local/template.ts': "the pattern of the user's own template, as API Gateway would have it",
};

interface Found {
  readonly literals: readonly RegExp[];
  readonly putTogether: readonly string[];
}

let found: Found;
beforeAll(async () => {
  const rooms = await Promise.all(LAYERS.map(expressionsIn));
  found = { literals: rooms.flatMap((one) => one.literals), putTogether: rooms.flatMap((one) => one.putTogether) };
});

async function expressionsIn(room: string): Promise<Found> {
  const names = await readdir(join(ROOT, room), { recursive: true });
  const files = names.filter((name) => /\.tsx?$/.test(name)).map((name) => `${room}/${name}`);
  const modules = await Promise.all(files.map(async (file) => ({ file, nodes: nodesIn(await parsed(file)) })));
  return {
    literals: modules.flatMap(({ nodes }) => nodes.flatMap(literalOf)),
    putTogether: modules.filter(({ nodes }) => nodes.some(putsTogether)).map(({ file }) => file),
  };
}

async function parsed(file: string): Promise<unknown> {
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

/** The parts of a syntax tree that are an expression or a call. */
function nodesIn(part: unknown): readonly Node[] {
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

function literalOf({ type, pattern, flags }: Node): readonly RegExp[] {
  return type === 'RegExpLiteral' ? [new RegExp(String(pattern), String(flags))] : [];
}

function putsTogether({ type, callee }: Node): boolean {
  return type !== 'RegExpLiteral' && callee?.value === 'RegExp';
}

/** Whether there is a text on which its work grows faster than the text: then there is no end to the ways back that it may take. */
function isSlow(expression: RegExp): boolean {
  return isSafe(expression).score.infinite;
}

test('no regular expression of what is installed or deployed takes more than in proportion to its input', () => {
  expect(found.literals.length).toBeGreaterThan(100);
  const slow = new Set(found.literals.filter(isSlow).map(String));
  expect([...slow].toSorted()).toEqual(LOOKED_AT.map(([expression]) => String(expression)).toSorted());
  for (const [, reason] of LOOKED_AT) expect(reason.length).toBeGreaterThan(30);
  // The checker takes seconds, and more on a busy machine.
}, 120_000);

test('every expression that is put together was looked at', () => {
  expect(found.putTogether.toSorted()).toEqual(Object.keys(PUT_TOGETHER).toSorted());
});

test.each([/\{[^}]*\}/g, /(\w+)\d/, /^(a+)+b/, / +$/gm, /\s*,\s*/])('%s would be told', (expression) => {
  expect(isSlow(expression)).toBe(true);
});
