import type { KeyRecord } from '../keys/record.ts';
import { isScope } from '../keys/scope.ts';
import {
  CONNECT,
  coversRoute,
  isWellFormedRoute,
  methodArnEnds,
  parseRoutePattern,
  type Route,
  type RoutePattern,
} from './routes.ts';

/** The routes that a key's scopes open. It exists only if the scopes restrict the key. */
export interface OpenedRoutes {
  readonly patterns: readonly RoutePattern[];
  /** Ends of ARNs after the stage, for the opened routes of a REST or HTTP API. */
  readonly methodArnEnds: readonly string[];
  /** Ends of ARNs after the stage, for the opened routes of a WebSocket API. */
  readonly connectArnEnds: readonly string[];
  /** The key's scopes that the mapping doesn't contain. They don't open any route. */
  readonly unknownScopes: readonly string[];
}

/** The routes that each scope opens. Scopes are only passed on to the integration if the mapping is empty. */
export class Scopes {
  readonly #patterns: ReadonlyMap<string, readonly RoutePattern[]>;

  constructor(patterns: ReadonlyMap<string, readonly RoutePattern[]> = new Map()) {
    this.#patterns = patterns;
  }

  /**
   * Parses JSON that maps each scope to a list of patterns. Returns `undefined` if it has another shape or an invalid
   * scope or pattern.
   */
  static parse(text: string): Scopes | undefined {
    const mapping = readMapping(text);
    if (mapping === undefined) return undefined;
    const patterns = new Map<string, readonly RoutePattern[]>();
    for (const [scope, texts] of Object.entries(mapping)) {
      const read = readPatterns(texts);
      if (read === undefined || !isScope(scope)) return undefined;
      patterns.set(scope, read);
    }
    return new Scopes(patterns);
  }

  /** Returns the invalid scopes and patterns of the JSON, or the whole string if it isn't a mapping. */
  static invalidPartOf(text: string): string {
    const mapping = readMapping(text);
    if (mapping === undefined) return text;
    const invalid = Object.entries(mapping).flatMap(([scope, texts]) => invalidEntries(scope, texts));
    return JSON.stringify(Object.fromEntries(invalid));
  }

  /** Returns whether the mapping is empty. */
  get isEmpty(): boolean {
    return this.#patterns.size === 0;
  }

  /** The patterns of all scopes. A key with every scope has the longest policy. */
  get allPatterns(): readonly RoutePattern[] {
    return [...this.#patterns.values()].flat();
  }

  /** Returns the routes that the key's scopes open, or `undefined` if the key may use every route. */
  openedBy({ scopes }: Pick<KeyRecord, 'scopes'>): OpenedRoutes | undefined {
    if (scopes === undefined || this.isEmpty) return undefined;
    const patterns = scopes.flatMap((scope) => this.#patterns.get(scope) ?? []);
    return {
      patterns,
      methodArnEnds: methodArnEnds(patterns),
      connectArnEnds: patterns.includes(CONNECT) ? [CONNECT] : [],
      unknownScopes: scopes.filter((scope) => !this.#patterns.has(scope)),
    };
  }
}

/**
 * Returns whether a key may use the route. A scoped key may not use a route that isn't well-formed, even if a pattern
 * matches it.
 */
export function allowsRoute(opened: OpenedRoutes | undefined, route: Route): boolean {
  if (opened === undefined) return true;
  return isWellFormedRoute(route) && opened.patterns.some((pattern) => coversRoute(pattern, route));
}

/** Returns whether a key has every required scope. A key without a scope list isn't restricted, so it has them all. */
export function hasScopes({ scopes }: Pick<KeyRecord, 'scopes'>, required: readonly string[]): boolean {
  return scopes === undefined || required.every((scope) => scopes.includes(scope));
}

function readMapping(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readPatterns(texts: unknown): readonly RoutePattern[] | undefined {
  if (!Array.isArray(texts)) return undefined;
  const patterns: RoutePattern[] = [];
  for (const text of texts) {
    const pattern = typeof text === 'string' ? parseRoutePattern(text) : undefined;
    if (pattern === undefined) return undefined;
    patterns.push(pattern);
  }
  return patterns;
}

function invalidEntries(scope: string, texts: unknown): readonly (readonly [string, unknown])[] {
  if (!isScope(scope) || !Array.isArray(texts)) return [[scope, texts]];
  const invalid = texts.filter((text) => readPatterns([text]) === undefined);
  return invalid.length > 0 ? [[scope, invalid]] : [];
}
