import { findProblem } from '../../keys/fields.ts';
import type { JsonObject } from '../../keys/json.ts';
import { toTimestamp } from '../../keys/timestamp.ts';
import { readKeyFile } from './apiGatewayCsv.ts';
import { fieldOf, type FileStart } from './fileStart.ts';
import type { ImportInput } from './importFormat.ts';
import { invalidDocument, isJsonList, isJsonText, readJsonParts } from './jsonParts.ts';
import { LeftOut } from './leftOut.ts';
import type { ReadEntry } from './readEntry.ts';
import type { Row } from './row.ts';
import { type SourceFields, SourceObject } from './sourceObject.ts';
import { SourcePlans } from './sourcePlans.ts';

/** Returns whether the file is the output of `get-api-keys`, or a key file with usage plans. */
export function isApiGateway({ json, columns }: FileStart): boolean {
  const items = fieldOf(json, 'items');
  const isListing = Array.isArray(items) && HAS_ALWAYS.every((name) => fieldOf(items[0], name) !== undefined);
  // Other programs' files can also have the columns name and key, and a hash as the key.
  return isListing || columns.some((column) => column.toLowerCase() === 'usageplanids');
}

/** The fields that only the keys in API Gateway's lists of `items` all have. */
const HAS_ALWAYS = ['id', 'enabled', 'createdDate'];

/**
 * Reads API Gateway's keys. The file is the JSON output of `aws apigateway get-api-keys --include-values`, in one or
 * several pages, or an API key file in CSV. Hashes each value immediately.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readApiGateway(input: ImportInput): AsyncGenerator<ReadEntry> {
  const { head, options, warn } = input;
  const plans = new SourcePlans(options.planMap, options.planKeys);
  const leftOut = new LeftOut();
  const context: Context = { ...input, plans, leftOut };
  if (isJsonText(head)) {
    for await (const { position, value } of readItems(input)) yield readItem(position, value, context);
  } else {
    for await (const row of readKeyFile(input)) yield readRow(row, context);
  }
  leftOut.report(warn);
  plans.report(warn);
}

interface Context extends Pick<ImportInput, 'options' | 'nowMs'> {
  readonly plans: SourcePlans;
  readonly leftOut: LeftOut;
}

/** The fields of a page that name the next page, by the API, the CLI's `--max-items` and its `--starting-token`. */
const NEXT_PAGE = ['position', 'NextToken', 'nextToken'];

interface Item {
  readonly position: number;
  readonly value: unknown;
}

async function* readItems({ chunks, head, warn }: ImportInput): AsyncGenerator<Item> {
  let position = 0;
  let documentCount = 0;
  let pageWithNext: number | undefined;
  const isList = isJsonList(head);
  const paths = isList ? ['$.*'] : ['items.*', ...NEXT_PAGE].map((path) => `$.${path}`);
  const lists = new Set<string>();
  const onList = (name: string): void => void lists.add(name);
  const onEnd = (count: number) => (documentCount = count);
  for await (const { path, key, value, document } of readJsonParts(chunks, paths, { onList, onEnd })) {
    if (typeof key === 'number') yield { position: ++position, value };
    else if (path.length === 0 && typeof value === 'string') pageWithNext = document;
  }
  if (!isList && !lists.has('items')) throw invalidDocument('it has no list "items" at its top level');
  if (pageWithNext === documentCount - 1) warn(NOT_WHOLE);
}

const NOT_WHOLE =
  "the export isn't whole, because its last page names a next page; export without --no-paginate and --max-items";

const NO_VALUE = 'value is missing; export the keys with aws apigateway get-api-keys --include-values';
const ANY_STAGE = "stageKeys isn't kept; an authorizer accepts a key on all its stages";

function readItem(position: number, value: unknown, context: Context): ReadEntry {
  const source = new SourceObject(value);
  const raw = source.text('value');
  if (raw === undefined) return { position, problem: source.problem ?? NO_VALUE };
  const ownId = source.text('id');
  // Keys from before usage plans have their value as the id.
  const id = ownId === raw ? undefined : ownId;
  const isEnabled = source.boolean('enabled') ?? true;
  const updatedAt = source.time('lastUpdatedDate');
  const stages = source.get('stageKeys');
  const { metadata, lost } = toMetadata(source);
  if (Array.isArray(stages) && stages.length > 0) lost.push(ANY_STAGE);
  const fields: SourceFields = {
    id,
    label: source.text('name') ?? id ?? `API Gateway key ${position}`,
    owner: source.text('customerId'),
    metadata,
    createdAt: source.time('createdDate'),
    disabledAt: isEnabled ? undefined : (updatedAt ?? toTimestamp(context.nowMs)),
    plan: context.plans.nameOf(context.plans.idsOf(ownId), '--plan-keys', source),
  };
  const read = source.toEntry(position, { raw }, fields, {
    names: { keyHash: 'value', label: 'name', owner: 'customerId', metadata: 'tags', plan: '--plan-keys' },
    nowMs: context.nowMs,
    allowWeak: context.options.allowWeak,
  });
  return context.leftOut.add(read, lost);
}

function readRow(row: Row, context: Context): ReadEntry {
  if ('problem' in row) return row;
  const { position } = row;
  const source = new SourceObject(row.value);
  const raw = source.text('key');
  const { metadata, lost } = toMetadata(source);
  const ids = (source.text('usageplanids') ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  const fields: SourceFields = {
    label: source.text('name') ?? '',
    metadata,
    disabledAt: source.boolean('enabled') === false ? toTimestamp(context.nowMs) : undefined,
    plan: context.plans.nameOf(ids, 'usageplanIds', source),
  };
  const read = source.toEntry(position, raw === undefined ? undefined : { raw }, fields, {
    names: { keyHash: 'key', label: 'name', metadata: 'description', plan: 'usageplanIds' },
    nowMs: context.nowMs,
    allowWeak: context.options.allowWeak,
  });
  return context.leftOut.add(read, lost);
}

const LONG_DESCRIPTION = "description isn't kept, because it is too long for the metadata";

/** Returns the tags and the description. Leaves out a description with which the metadata is too large. */
function toMetadata(source: SourceObject): { readonly metadata: JsonObject | undefined; readonly lost: string[] } {
  const tags = source.object('tags');
  const description = source.text('description');
  if (description === undefined) return { metadata: tags, lost: [] };
  const metadata = { description, ...tags };
  const isTooLarge = findProblem('metadata', metadata, 0) !== undefined;
  return isTooLarge ? { metadata: tags, lost: [LONG_DESCRIPTION] } : { metadata, lost: [] };
}
