import { CliError } from '../../operator/errors.ts';
import { isApiGateway, readApiGateway } from './apiGateway.ts';
import { readCsv } from './csv.ts';
import { readEnv } from './env.ts';
import { fieldOf, type FileStart, namesIn } from './fileStart.ts';
import type { ImportFormatEntry, PositionUnit } from './importFormat.ts';
import { LIST_NAME, readJsonDocument, readJsonLines } from './jsonEntries.ts';
import { getKongUnit, isKong, readKong } from './kong.ts';
import { showSettingName } from './notAKey.ts';
import { toFieldName } from './readEntry.ts';
import { isTyk, readTyk } from './tyk.ts';

/** The formats that `import` reads. */
export const IMPORT_FORMATS = ['json', 'csv', 'jsonl', 'env', 'api-gateway', 'kong', 'tyk'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Each format: its meaning, how to detect it, and its reader. */
export const FORMATS: Readonly<Record<ImportFormat, ImportFormatEntry>> = {
  json: {
    meaning: `a JSON document with a list "${LIST_NAME}"`,
    unit: 'entry',
    matches: isJsonDocument,
    read: ({ chunks, head }) => readJsonDocument(chunks, head),
    isFromElsewhere: true,
  },
  csv: {
    meaning: 'a header row, then a row for each key',
    unit: 'line',
    matches: (start) => start.hasSeparatorLine || start.columns.some(isHashName),
    read: ({ chunks, head, warn }) => readCsv(chunks, head, warn),
  },
  jsonl: {
    meaning: 'a JSON object for each key',
    unit: 'line',
    matches: ({ json, endsOnLine }) => endsOnLine && namesIn(json).some(isHashName),
    read: ({ chunks }) => readJsonLines(chunks),
  },
  env: {
    meaning: 'NAME=key lines',
    unit: 'line',
    matches: ({ line }) => isAssignment(line.trim()),
    read: ({ chunks, options }) => readEnv(chunks, options),
    listsLabels: true,
  },
  'api-gateway': {
    meaning: "API Gateway's get-api-keys, or an API key file",
    unit: ({ json }) => (json === undefined ? 'line' : 'entry'),
    matches: isApiGateway,
    read: readApiGateway,
    isFromElsewhere: true,
    planOptions: ['planMap', 'planKeys'],
  },
  kong: {
    meaning: "Kong's consumers and their keyauth_credentials",
    unit: getKongUnit,
    matches: isKong,
    read: readKong,
    isFromElsewhere: true,
  },
  tyk: {
    meaning: "Tyk's sessions by their keys",
    unit: 'entry',
    matches: isTyk,
    read: readTyk,
    isFromElsewhere: true,
    planOptions: ['planMap'],
  },
};

/**
 * Detects the format from the start of a file.
 *
 * @throws CliError `USAGE_INVALID` if the start fits several formats, or doesn't fit any
 */
export function detectFormat(start: FileStart): ImportFormat {
  const [format, ...others] = IMPORT_FORMATS.filter((name) => FORMATS[name].matches(start));
  if (format !== undefined && others.length === 0) return format;
  const why = format === undefined ? '' : `: it fits ${[format, ...others].join(' and ')}`;
  throw new CliError('USAGE_INVALID', `cannot detect the file format${why}; pass --format ${IMPORT_FORMATS.join('|')}`);
}

/** Returns the unit of positions in a file. */
export function getPositionUnit(format: ImportFormat, start: FileStart | undefined): PositionUnit {
  const { unit } = FORMATS[format];
  if (typeof unit === 'string') return unit;
  return start === undefined ? 'line' : unit(start);
}

function isHashName(name: string): boolean {
  return toFieldName(name) === 'keyHash';
}

function isJsonDocument({ json }: FileStart): boolean {
  if (!Array.isArray(json)) return Array.isArray(fieldOf(json, LIST_NAME));
  return json.length === 0 || namesIn(json[0]).some(isHashName);
}

function isAssignment(line: string): boolean {
  const [start = '', name] = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/.exec(line) ?? [];
  if (name === undefined) return false;
  // A line of Base64 ends with one or two `=`.
  const isBase64 = /^=?$/.test(line.slice(start.length)) && showSettingName(name) !== name;
  return !isBase64;
}
