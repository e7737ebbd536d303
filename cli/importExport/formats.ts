import { CliError } from '../../operator/errors.ts';
import { isApiGateway, readApiGateway } from './apiGateway.ts';
import { getBetterAuthUnit, isBetterAuth, readBetterAuth } from './betterAuth.ts';
import type { ColumnMap } from './columnMap.ts';
import { readCsv } from './csv.ts';
import { getDynamoDbUnit, isDynamoDbExport, readDynamoDbExport } from './dynamodbExport.ts';
import { readEnv } from './env.ts';
import { fieldOf, type FileStart, namesIn } from './fileStart.ts';
import type { ImportFormatEntry, PositionUnit } from './importFormat.ts';
import { LIST_NAME, readJsonDocument, readJsonLines } from './jsonEntries.ts';
import { getKongUnit, isKong, readKong } from './kong.ts';
import { showSettingName } from './notAKey.ts';
import { toFieldName } from './readEntry.ts';
import { isTyk, readTyk } from './tyk.ts';
import { getUnkeyUnit, isUnkey, readUnkey } from './unkey.ts';

/** The formats that `import` reads. */
export const IMPORT_FORMATS = [
  'json',
  'csv',
  'jsonl',
  'env',
  'api-gateway',
  'kong',
  'unkey',
  'better-auth',
  'tyk',
  'dynamodb',
] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Each format: its meaning, how to detect it, and its reader. */
export const FORMATS: Readonly<Record<ImportFormat, ImportFormatEntry>> = {
  json: {
    meaning: `a JSON list, or a JSON document with a list "${LIST_NAME}"`,
    details: `a JSON document with a list "${LIST_NAME}" at its top level, such as SoulSync's configuration, or only that list`,
    unit: 'entry',
    matches: isJsonDocument,
    read: (input) => readJsonDocument(input),
    takesMap: true,
    isFromElsewhere: true,
  },
  csv: {
    meaning: 'a header row, then a row for each key',
    details: 'a header row, then a row for each key. The separator is a comma, a semicolon or a tab',
    unit: 'line',
    matches: ({ json, hasSeparatorLine, columns }, isHashName) =>
      json === undefined && (hasSeparatorLine || columns.some(isHashName)),
    read: (input) => readCsv(input),
    takesMap: true,
  },
  jsonl: {
    meaning: 'a JSON object for each key',
    details: 'a JSON object on each line, as export writes it',
    unit: 'line',
    matches: ({ json, endsOnLine }, isHashName) => endsOnLine && namesIn(json).some(isHashName),
    read: (input) => readJsonLines(input),
    takesMap: true,
  },
  env: {
    meaning: 'NAME=key lines',
    details: 'raw keys as NAME=key. Import hashes each key, and uses its name as the label',
    unit: 'line',
    matches: ({ line }) => isAssignment(line.trim()),
    read: ({ chunks, options }) => readEnv(chunks, options),
    listsLabels: true,
  },
  'api-gateway': {
    meaning: "API Gateway's get-api-keys, or an API key file",
    details:
      "API Gateway's keys: the output of aws apigateway get-api-keys --include-values, or an API key file in CSV",
    unit: ({ json }) => (json === undefined ? 'line' : 'entry'),
    matches: isApiGateway,
    read: readApiGateway,
    isFromElsewhere: true,
    planOptions: ['planMap', 'planKeys'],
  },
  kong: {
    meaning: "Kong's consumers and their keyauth_credentials",
    details: "Kong's consumers and their keyauth_credentials: the YAML of decK or db_export, or the Admin API's JSON",
    unit: getKongUnit,
    matches: isKong,
    read: readKong,
    isFromElsewhere: true,
  },
  tyk: {
    meaning: "Tyk's sessions by their keys",
    details: 'Tyk\'s sessions by their keys, as {"KEY": SESSION}, or answers of the Dashboard API',
    unit: 'entry',
    matches: isTyk,
    read: readTyk,
    isFromElsewhere: true,
    planOptions: ['planMap'],
  },
  unkey: {
    meaning: "Unkey's keys, as keys.migrateKeys accepts them",
    details: "Unkey's keys, as keys.migrateKeys accepts them or as its table has them: JSON, JSON Lines or CSV",
    unit: getUnkeyUnit,
    matches: isUnkey,
    read: readUnkey,
    isFromElsewhere: true,
  },
  'better-auth': {
    meaning: "rows of better-auth's table apikey",
    details: "rows of better-auth's table apikey as JSON, JSON Lines or CSV",
    unit: getBetterAuthUnit,
    matches: isBetterAuth,
    read: readBetterAuth,
    isFromElsewhere: true,
  },
  dynamodb: {
    meaning: "DynamoDB's export to S3, or the output of aws dynamodb scan",
    details:
      "DynamoDB's export to S3 as DYNAMODB_JSON: its folder or a data file. Also the output of aws dynamodb scan",
    unit: getDynamoDbUnit,
    matches: isDynamoDbExport,
    read: readDynamoDbExport,
    takesMap: true,
  },
};

/**
 * Detects the format from the start of a file. With `--map`, only formats that use it count.
 *
 * @throws CliError `USAGE_INVALID` if the start fits several formats, or doesn't fit any that uses the map
 */
export function detectFormat(start: FileStart, map?: ColumnMap): ImportFormat {
  const candidates = map === undefined ? IMPORT_FORMATS : MAPPED_FORMATS;
  const columns = new Set([map?.get('keyHash')?.column, map?.get('key')?.column]);
  const isHashName = (name: string): boolean => toFieldName(name) === 'keyHash' || columns.has(name);
  const matches = (name: ImportFormat): boolean => FORMATS[name].matches(start, isHashName);
  const [format, ...others] = candidates.filter(matches);
  if (format !== undefined && others.length === 0) return format;
  const withoutMap = format === undefined && map !== undefined ? IMPORT_FORMATS.find(matches) : undefined;
  if (withoutMap !== undefined) checkTakesMap(withoutMap);
  const mayLack = map === undefined ? '' : ', or the file lacks the columns of --map';
  const why = format === undefined ? mayLack : `: it fits ${[format, ...others].join(' and ')}`;
  throw new CliError('USAGE_INVALID', `cannot detect the file format${why}; pass --format ${candidates.join('|')}`);
}

/** The formats that use `--map`. */
export const MAPPED_FORMATS = IMPORT_FORMATS.filter((name) => FORMATS[name].takesMap === true);

/** @throws CliError `USAGE_INVALID` if the format doesn't use `--map` */
export function checkTakesMap(format: ImportFormat): void {
  if (MAPPED_FORMATS.includes(format)) return;
  throw new CliError('USAGE_INVALID', `--map: expected the format ${MAPPED_FORMATS.join(' or ')}, got ${format}`);
}

/** Returns the unit of positions in a file. */
export function getPositionUnit(format: ImportFormat, start: FileStart | undefined): PositionUnit {
  const { unit } = FORMATS[format];
  if (typeof unit === 'string') return unit;
  return start === undefined ? 'line' : unit(start);
}

function isJsonDocument({ json, isWholeJson }: FileStart, isHashName: (name: string) => boolean): boolean {
  if (!Array.isArray(json)) return Array.isArray(fieldOf(json, LIST_NAME));
  return (isWholeJson && json.length === 0) || namesIn(json[0]).some(isHashName);
}

function isAssignment(line: string): boolean {
  const [start = '', name] = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/.exec(line) ?? [];
  if (name === undefined) return false;
  // A line of Base64 ends with one or two `=`.
  const isBase64 = /^=?$/.test(line.slice(start.length)) && showSettingName(name) !== name;
  return !isBase64;
}
