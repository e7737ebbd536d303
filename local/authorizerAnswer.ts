import { parseStatements, type PolicyStatement } from './policyEvaluation.ts';

export type AuthorizerContext = Readonly<Record<string, unknown>>;

/** What an authorizer answered, once it is known to be well-formed. */
export type AuthorizerAnswer =
  | {
      readonly kind: 'policy';
      readonly principalId: string;
      readonly statements: readonly PolicyStatement[];
      readonly context: AuthorizerContext;
      /** What a REST API's usage plans count the request by. */
      readonly usageIdentifierKey?: string;
    }
  | {
      readonly kind: 'simple';
      readonly isAuthorized: boolean;
      readonly context: AuthorizerContext;
    };

/** Reads an answer; `undefined` where it is malformed. */
export type ParseAnswer = (answer: unknown) => AuthorizerAnswer | undefined;

/** Which answers an API takes. */
export interface AnswerFormat {
  /** An HTTP API's payload 2.0 with simple responses on takes `{isAuthorized}` too. */
  readonly simpleResponses: boolean;
  /** REST APIs make every value of the context a string and take no object or array; HTTP APIs hand on any JSON. */
  readonly stringContext: boolean;
}

/** Reads an authorizer's answer; `undefined` where it is malformed, which the gateway answers with 500. */
export function parseAuthorizerAnswer(answer: unknown, format: AnswerFormat): AuthorizerAnswer | undefined {
  if (!isObject(answer)) return undefined;
  const context = format.stringContext ? stringContext(answer['context']) : anyContext(answer['context']);
  if (context === undefined) return undefined;
  const { isAuthorized, principalId, policyDocument, usageIdentifierKey } = answer;
  if (format.simpleResponses && typeof isAuthorized === 'boolean') return { kind: 'simple', isAuthorized, context };
  const statements = parseStatements(policyDocument);
  if (typeof principalId !== 'string' || principalId === '' || statements === undefined) return undefined;
  const counted = typeof usageIdentifierKey === 'string' ? { usageIdentifierKey } : {};
  return { kind: 'policy', principalId, statements, context, ...counted };
}

function anyContext(context: unknown): AuthorizerContext | undefined {
  if (context === undefined || context === null) return {};
  return isObject(context) ? context : undefined;
}

function stringContext(context: unknown): AuthorizerContext | undefined {
  const entries = Object.entries(anyContext(context) ?? { malformed: {} });
  if (entries.some(([, value]) => typeof value === 'object')) return undefined;
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
