import { readConfig } from '../../lambda/config.ts';
import { toKeyContext } from '../../lambda/cachedKey.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { METRIC_UNITS } from '../../lambda/metrics.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { expectedAnswer, type ToldAnswer } from './expectedAnswer.ts';
import { SETTINGS, type FuzzSettings } from './fuzzSettings.ts';
import { HOSTILE_TEXTS } from './hostileEvents.ts';
import { at, makeKey, NOW_MS } from './keys.ts';

/** Keys in every state, one of them with all that an operator can put into a record. */
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
/** What would end a line, or speak to a terminal. */
// oxlint-disable-next-line no-control-regex -- those are what is looked for
const CONTROL = /[\u0000-\u001F\u007F]/;

interface Answer {
  readonly principalId?: string;
  readonly policyDocument?: { readonly Statement: readonly { Effect: string; Resource: string | readonly string[] }[] };
  readonly isAuthorized?: boolean;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly resolverContext?: Readonly<Record<string, unknown>>;
}

/** The handler on a table of `WORLD`, which lives on from event to event, and what must hold whatever the event is. */
export class FuzzTarget {
  /** Their name. */
  readonly settings: string;
  readonly lookup = new MemoryLookup(...WORLD.map(({ record }) => record));
  readonly #settings: FuzzSettings;
  readonly #lines: string[] = [];
  /** By what came of them, how many events there were. */
  readonly outcomes = new Map<string, number>();
  readonly #handler;

  /** `settings` is a name of `SETTINGS`. */
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

  /** What is wrong with what came of the event; nothing where nothing is. */
  async problemsOf(event: unknown): Promise<readonly string[]> {
    const problems = await this.#problemsOfAnswer(event);
    const lines = this.#lines.splice(0);
    const isPolluted = Object.keys(Object.prototype).length > 0;
    return [
      ...problems,
      ...lines.flatMap(problemsOfLine),
      ...(isPolluted ? ['the prototype of all objects was changed'] : []),
    ];
  }

  async #problemsOfAnswer(event: unknown): Promise<readonly string[]> {
    const expected = JSON.stringify(expectedAnswer(event, this.#settings, WORLD));
    try {
      const answer: Answer = await this.#handler(event, { awsRequestId: 'request-1' });
      const told = toldBy(answer);
      this.#count(told.code ?? 'allowed');
      const isOther = JSON.stringify(told) !== expected;
      return [
        ...problemsOfContext(answer.context ?? answer.resolverContext ?? {}),
        ...(isOther ? [`it was answered ${JSON.stringify(told)}, wanted ${expected}`] : []),
      ];
    } catch (error) {
      this.#count(error instanceof LatchkeyError ? error.code : String(error));
      if (error instanceof LatchkeyError && error.code === 'EVENT_UNKNOWN') return [];
      const isOther = !(error instanceof Error) || JSON.stringify(error.message) !== expected;
      return isOther ? [`it threw ${String(error)}, wanted ${expected}`] : [];
    }
  }

  #count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

/** In the order of `expectedAnswer`, with which it is compared as JSON. */
function toldBy({ context, resolverContext, isAuthorized, principalId, policyDocument }: Answer): ToldAnswer {
  const { errorCode, keyId } = context ?? resolverContext ?? {};
  const statements = policyDocument?.Statement;
  return {
    code: textOf(errorCode),
    keyId: textOf(keyId),
    isAuthorized,
    principalId,
    effect: statements?.map(({ Effect }) => Effect).join(),
    resources: statements?.flatMap(({ Resource }) => Resource),
  };
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** Nothing of the event is handed on: what is in the context is of the record, or a constant. */
function problemsOfContext(context: Readonly<Record<string, unknown>>): readonly string[] {
  const { errorCode, errorMessage, ...ofKey } = context;
  const record = WORLD.find(({ record }) => record.id === ofKey['keyId'])?.record;
  const expected = record === undefined ? {} : toKeyContext(record);
  const isOther = JSON.stringify(ofKey) !== JSON.stringify(expected);
  return [
    ...Object.keys(context).filter((name) => !CONTEXT_FIELDS.has(name)),
    ...(isOther ? ['the context is not that of a record'] : []),
    ...(isConstant(errorCode) && isConstant(errorMessage) ? [] : ['an error is said in other words than ours']),
  ];
}

function isConstant(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && /^[\w .:<>?=]{1,120}$/.test(value));
}

function problemsOfLine(line: string): readonly string[] {
  if (CONTROL.test(line)) return [`a line has a character of control: ${JSON.stringify(line)}`];
  if (line.length > MOST_LINE_LENGTH) return [`a line of ${line.length} characters`];
  const fields: Readonly<Record<string, unknown>> = JSON.parse(line);
  if ('_aws' in fields) return problemsOfMetrics(fields);
  const unknown = Object.keys(fields).filter((name) => !LOG_FIELDS.has(name));
  const { keyId, detail } = fields;
  return [
    ...unknown.map((name) => `the log has a field ${name}`),
    ...(keyId === undefined || WORLD.some(({ record }) => record.id === keyId) ? [] : [`the log names a key ${keyId}`]),
    ...(detail === undefined || UNKNOWN_EVENT.test(String(detail)) ? [] : [`the log says ${detail}`]),
  ];
}

function problemsOfMetrics(fields: Readonly<Record<string, unknown>>): readonly string[] {
  const known = new Set(['_aws', 'FunctionName', 'ApiType', 'Reason', ...Object.keys(METRIC_UNITS)]);
  return Object.keys(fields).filter((name) => !known.has(name));
}
