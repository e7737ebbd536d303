import { readConfig } from '../../lambda/config.ts';
import { toKeyContext } from '../../lambda/cachedKey.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { METRIC_UNITS } from '../../lambda/metrics.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { expectedAnswer, type AnswerSummary } from './expectedAnswer.ts';
import { SETTINGS, type FuzzSettings } from './fuzzSettings.ts';
import { HOSTILE_TEXTS } from './hostileEvents.ts';
import { at, makeKey, NOW_MS } from './keys.ts';

/** Keys in all states, and one with hostile text in all its fields. */
export const WORLD = [
  makeKey({ id: 'active' }),
  makeKey({ id: 'scoped', scopes: ['read', 'connect', 'graphql'], plan: 'free' }),
  makeKey({ id: 'closed', scopes: [], plan: 'gone' }),
  makeKey({ id: 'expired', expiresAt: at(-1) }),
  makeKey({ id: 'disabled', disabledAt: at(-1) }),
  makeKey({ id: 'revoked', revokedAt: at(-1) }),
  makeKey({
    id: 'odd"}\n{"id":"forged',
    label: HOSTILE_TEXTS.join(''),
    owner: '\u001B[31m\r\n',
    scopes: ['read', '__proto__', 'constructor', '*', 'a\nb'],
    plan: 'toString',
    keyPrefix: '"}\n\u001B[0m',
    metadata: JSON.parse('{"toJSON":"x","toString":{"a":"\\n"},"errorCode":"NONE"}'),
  }),
];
export const UNKNOWN = makeKey().secret;
export const SECRETS = [...WORLD.map(({ secret }) => secret), UNKNOWN];

const LOG_FIELDS = new Set(
  'timestamp level message code requestId apiType scope plan keyId keyPrefix cause detail outcome isCacheHit lookupMs lastUsedWrite'.split(
    ' ',
  ),
);
const CONTEXT_FIELDS = new Set(
  'keyId keyPrefix label owner scopes plan metadata expiresAt errorCode errorMessage'.split(' '),
);
const UNKNOWN_EVENT =
  /^not an event of a Lambda authorizer that Latchkey serves: it has (no known fields|[\w, ]{1,840})$/;
const MOST_LINE_LENGTH = 1500;
/** Characters that end a line or control a terminal. */
// oxlint-disable-next-line no-control-regex -- the test looks for control characters
const CONTROL = /[\u0000-\u001F\u007F]/;

interface Answer {
  readonly principalId?: string;
  readonly policyDocument?: { readonly Statement: readonly { Effect: string; Resource: string | readonly string[] }[] };
  readonly isAuthorized?: boolean;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly resolverContext?: Readonly<Record<string, unknown>>;
}

/** A handler on a table of `WORLD`, and the checks of its responses. The handler keeps its caches between events. */
export class FuzzTarget {
  /** The name of its settings. */
  readonly settings: string;
  readonly lookup = new MemoryLookup(...WORLD.map(({ record }) => record));
  readonly #settings: FuzzSettings;
  readonly #lines: string[] = [];
  /** The number of events by outcome. */
  readonly outcomes = new Map<string, number>();
  readonly #handler;

  /** Creates a handler with settings from `SETTINGS`. */
  constructor(settings: string) {
    this.settings = settings;
    this.#settings = SETTINGS[settings] ?? { environment: {} };
    this.#handler = createHandler({
      config: readConfig({ LATCHKEY_TABLE: 'keys', ...this.#settings.environment }),
      functionName: 'authorizer',
      lookup: this.lookup,
      now: () => NOW_MS,
      random: () => 0.5,
      writeLog: (line) => this.#lines.push(line),
    });
  }

  /** Sends an event. Returns one line for each problem in the response, the log and `Object.prototype`. */
  async findProblems(event: unknown): Promise<readonly string[]> {
    const problems = await this.#findAnswerProblems(event);
    const lines = this.#lines.splice(0);
    const isPolluted = Object.keys(Object.prototype).length > 0;
    return [...problems, ...lines.flatMap(findLineProblems), ...(isPolluted ? ['Object.prototype was changed'] : [])];
  }

  async #findAnswerProblems(event: unknown): Promise<readonly string[]> {
    const expected = JSON.stringify(expectedAnswer(event, this.#settings, WORLD));
    try {
      const answer: Answer = await this.#handler(event, { awsRequestId: 'request-1' });
      const summary = summarize(answer);
      this.#count(summary.code ?? 'allowed');
      const isOther = JSON.stringify(summary) !== expected;
      return [
        ...findContextProblems(answer.context ?? answer.resolverContext ?? {}),
        ...(isOther ? [`expected ${expected}, got ${JSON.stringify(summary)}`] : []),
      ];
    } catch (error) {
      this.#count(error instanceof LatchkeyError ? error.code : String(error));
      if (error instanceof LatchkeyError && error.code === 'EVENT_UNKNOWN') return [];
      const isOther = !(error instanceof Error) || JSON.stringify(error.message) !== expected;
      return isOther ? [`expected ${expected}, threw ${String(error)}`] : [];
    }
  }

  #count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

/** Returns the response's fields in the order of `expectedAnswer`, because both are compared as JSON. */
function summarize({ context, resolverContext, isAuthorized, principalId, policyDocument }: Answer): AnswerSummary {
  const { errorCode, keyId } = context ?? resolverContext ?? {};
  const statements = policyDocument?.Statement;
  return {
    code: toText(errorCode),
    keyId: toText(keyId),
    isAuthorized,
    principalId,
    effect: statements?.map(({ Effect }) => Effect).join(),
    resources: statements?.flatMap(({ Resource }) => Resource),
  };
}

function toText(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** Checks that the context contains only constants and fields of the record, not parts of the event. */
function findContextProblems(context: Readonly<Record<string, unknown>>): readonly string[] {
  const { errorCode, errorMessage, ...ofKey } = context;
  const record = WORLD.find(({ record }) => record.id === ofKey['keyId'])?.record;
  const expected = record === undefined ? {} : toKeyContext(record);
  const isOther = JSON.stringify(ofKey) !== JSON.stringify(expected);
  return [
    ...Object.keys(context).filter((name) => !CONTEXT_FIELDS.has(name)),
    ...(isOther ? ['the context does not match a record'] : []),
    ...(isConstant(errorCode) && isConstant(errorMessage) ? [] : ['the error code or message is not a constant']),
  ];
}

function isConstant(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && /^[\w .:<>?=]{1,120}$/.test(value));
}

function findLineProblems(line: string): readonly string[] {
  if (CONTROL.test(line)) return [`a log line contains a control character: ${JSON.stringify(line)}`];
  if (line.length > MOST_LINE_LENGTH) return [`a log line has ${line.length} characters`];
  const fields: Readonly<Record<string, unknown>> = JSON.parse(line);
  if ('_aws' in fields) return findMetricProblems(fields);
  const unknown = Object.keys(fields).filter((name) => !LOG_FIELDS.has(name));
  const { keyId, detail } = fields;
  return [
    ...unknown.map((name) => `the log has a field ${name}`),
    ...(keyId === undefined || WORLD.some(({ record }) => record.id === keyId) ? [] : [`the log names a key ${keyId}`]),
    ...(detail === undefined || UNKNOWN_EVENT.test(String(detail)) ? [] : [`the log has the detail ${detail}`]),
  ];
}

function findMetricProblems(fields: Readonly<Record<string, unknown>>): readonly string[] {
  const known = new Set(['_aws', 'FunctionName', 'ApiType', 'Reason', ...Object.keys(METRIC_UNITS)]);
  return Object.keys(fields).filter((name) => !known.has(name));
}
