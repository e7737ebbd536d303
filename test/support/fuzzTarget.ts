import { readConfig } from '../../lambda/config.ts';
import { keyContextOf } from '../../lambda/context.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { METRIC_UNITS } from '../../lambda/metricNames.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
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

/** What the function can be set to, as far as an event meets with it. */
export const SETTINGS: Readonly<Record<string, Record<string, string>>> = {
  defaults: {},
  'every source': { LATCHKEY_KEY_SOURCES: 'header:x-api-key,bearer,query:api_key,header:authorization' },
  'foreign keys': { LATCHKEY_ACCEPT_FOREIGN_KEYS: 'true', LATCHKEY_RECORD_CACHE_SECONDS: '0' },
  scopes: {
    LATCHKEY_SCOPES: '{"read":["GET /orders/*"],"connect":["$connect"],"graphql":["GRAPHQL /graphql"]}',
    LATCHKEY_DEBUG_SAMPLE_RATE: '1',
  },
  'simple answers that are kept': {
    LATCHKEY_HTTP_API_RESPONSE: 'simple',
    LATCHKEY_RESULT_CACHE_SECONDS: '60',
    LATCHKEY_SCOPES: '{"read":["GET /orders/*"],"__proto__":["* /*"]}',
  },
  plans: { LATCHKEY_PLANS: '{"namespace":"0123456789abcdef","perKey":["free"],"shared":["constructor"]}' },
};

/** By the settings' name, every end of a resource that a policy can have behind the stage. */
const RESOURCE_ENDS: Readonly<Record<string, readonly string[]>> = {
  scopes: ['GET/orders/*', '$connect'],
  'simple answers that are kept': ['GET/orders/*', '*/*'],
};

const STAGE = /^arn:[\w-]+:execute-api:[\w-]*:\w*:[\w-]+\/[\w$-]+\/$/;
const STATE_OF_CODE: Readonly<Record<string, string>> = {
  KEY_EXPIRED: 'expired',
  KEY_DISABLED: 'disabled',
  KEY_REVOKED: 'revoked',
};
const LOG_FIELDS = new Set(
  'timestamp level message code requestId surface scope plan keyId keyPrefix cause detail outcome isCacheHit lookupMs usageWrite'.split(
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
  readonly #resourceEnds: ReadonlySet<string>;
  readonly #lines: string[] = [];
  /** By what came of them, how many events there were. */
  readonly outcomes = new Map<string, number>();
  readonly #handler;

  /** `settings` is a name of `SETTINGS`. */
  constructor(settings: string) {
    this.settings = settings;
    this.#resourceEnds = new Set(['*', ...(RESOURCE_ENDS[settings] ?? [])]);
    this.#handler = createHandler({
      config: readConfig({ LATCHKEY_TABLE: 'keys', ...SETTINGS[settings] }),
      functionName: 'authorizer',
      lookup: this.lookup,
      now: () => NOW_MS,
      random: () => 0.5,
      writeLog: (line) => this.#lines.push(line),
    });
  }

  /** What is wrong with what came of the event; nothing where nothing is. */
  async problemsOf(event: unknown): Promise<readonly string[]> {
    const problems: string[] = [];
    try {
      const answer: Answer = await this.#handler(event, { awsRequestId: 'request-1' });
      this.#count(codeOf(answer) ?? 'allowed');
      problems.push(...problemsOfAnswer(answer, event, this.#resourceEnds));
    } catch (error) {
      this.#count(error instanceof LatchkeyError ? error.code : String(error));
      problems.push(...problemsOfError(error));
    }
    const lines = this.#lines.splice(0);
    problems.push(...lines.flatMap(problemsOfLine));
    if (Object.keys(Object.prototype).length > 0) problems.push('the prototype of all objects was changed');
    return problems;
  }

  #count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

function codeOf({ context, resolverContext }: Answer): string | undefined {
  const code = (context ?? resolverContext)?.['errorCode'];
  return typeof code === 'string' ? code : undefined;
}

function problemsOfError(error: unknown): readonly string[] {
  if (error instanceof LatchkeyError && error.code === 'EVENT_UNKNOWN') return [];
  if (error instanceof Error && error.message === 'Unauthorized') return [];
  return [`it threw ${String(error)}`];
}

function problemsOfAnswer(answer: Answer, event: unknown, resourceEnds: ReadonlySet<string>): readonly string[] {
  const context = answer.context ?? answer.resolverContext ?? {};
  return [
    ...problemsOfContext(context),
    ...problemsOfKey(answer, context, event),
    ...problemsOfPolicy(answer, event, resourceEnds),
  ];
}

/** Nothing of the event is handed on: what is in the context is of the record, or a constant. */
function problemsOfContext(context: Readonly<Record<string, unknown>>): readonly string[] {
  const { errorCode, errorMessage, ...ofKey } = context;
  const record = WORLD.find(({ record }) => record.id === ofKey['keyId'])?.record;
  const expected = record === undefined ? {} : keyContextOf(record);
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

/** Who is allowed, or is told more than that the key is invalid, brought the whole key, and it is in that state. */
function problemsOfKey(
  answer: Answer,
  { keyId, errorCode }: Readonly<Record<string, unknown>>,
  event: unknown,
): readonly string[] {
  const id = keyId ?? answer.principalId;
  const text = JSON.stringify(event);
  const brought = WORLD.filter(({ secret }) => text.includes(secret)).map(({ record }) => record);
  const isAllowed = answer.isAuthorized === true || effectOf(answer) === 'Allow';
  if (id === undefined || id === 'anonymous') {
    const state = STATE_OF_CODE[String(errorCode)];
    const isKnown = state === undefined || brought.some((record) => stateOf(record) === state);
    return isAllowed || !isKnown ? [`nobody was answered as a holder: ${JSON.stringify(answer)}`] : [];
  }
  const record = brought.find((candidate) => candidate.id === id);
  if (record === undefined) return [`the key of ${JSON.stringify(id)} was not in the event`];
  const state = stateOf(record);
  const told = STATE_OF_CODE[String(errorCode)] ?? 'active';
  return told === state && (!isAllowed || state === 'active') ? [] : [`a key that is ${state} is told ${told}`];
}

function stateOf(record: KeyRecord): string {
  if (record.revokedAt !== undefined) return 'revoked';
  if (record.expiresAt !== undefined) return 'expired';
  return record.disabledAt === undefined ? 'active' : 'disabled';
}

function effectOf({ policyDocument }: Answer): string | undefined {
  return policyDocument?.Statement[0]?.Effect;
}

/** A resource is the event's own stage and what the settings say, never what the caller chose. */
function problemsOfPolicy(
  { policyDocument }: Answer,
  event: unknown,
  resourceEnds: ReadonlySet<string>,
): readonly string[] {
  if (policyDocument === undefined) return [];
  const { methodArn, routeArn } = event as { methodArn?: unknown; routeArn?: unknown };
  const arns = [methodArn, routeArn].filter((arn) => typeof arn === 'string');
  const resources = policyDocument.Statement.flatMap(({ Resource }) => Resource);
  return resources.flatMap((resource) => {
    const end = [...resourceEnds].find(
      (end) => resource.endsWith(`/${end}`) && STAGE.test(resource.slice(0, -end.length)),
    );
    const isOfEvent = end !== undefined && arns.some((arn) => arn.startsWith(resource.slice(0, -end.length)));
    return isOfEvent ? [] : [`the policy has the resource ${JSON.stringify(resource)}`];
  });
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
  const known = new Set(['_aws', 'FunctionName', 'Surface', 'Reason', ...Object.keys(METRIC_UNITS)]);
  return Object.keys(fields).filter((name) => !known.has(name));
}
