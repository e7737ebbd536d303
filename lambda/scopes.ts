import type { KeyRecord } from '../keys/record.ts';
import { isScope } from '../keys/scope.ts';
import { coversRoute, isWellFormedRoute, parseRoutePattern, type Route, type RoutePattern } from './routes.ts';

/** What a key's scopes come to. */
interface OfScopes {
  readonly patterns: readonly RoutePattern[];
  readonly unknown: readonly string[];
}

const NONE: readonly string[] = Object.freeze([]);

/** Which routes each scope opens. Where nothing is mapped, scopes are only handed on and close no route. */
export class Scopes {
  readonly #patterns: ReadonlyMap<string, readonly RoutePattern[]>;
  /** As long as somebody holds the record whose scopes they are: the record cache above all. */
  readonly #ofScopes = new WeakMap<readonly string[], OfScopes>();

  constructor(patterns: ReadonlyMap<string, readonly RoutePattern[]> = new Map()) {
    this.#patterns = patterns;
  }

  /** Reads JSON of scope → list of patterns, or `undefined` where it has another shape or holds no pattern. */
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

  /** What of the JSON cannot be read: the scopes and patterns that are wrong, or all of it where it is no mapping. */
  static unreadableOf(text: string): string {
    const mapping = readMapping(text);
    if (mapping === undefined) return text;
    const wrong = Object.entries(mapping).flatMap(([scope, texts]) => unreadableEntryOf(scope, texts));
    return JSON.stringify(Object.fromEntries(wrong));
  }

  /** Whether nothing is mapped. */
  get isEmpty(): boolean {
    return this.#patterns.size === 0;
  }

  /** The patterns of the key's scopes, or `undefined` where the key may do everything. */
  patternsOf({ scopes }: Pick<KeyRecord, 'scopes'>): readonly RoutePattern[] | undefined {
    return scopes === undefined || this.isEmpty ? undefined : this.#of(scopes).patterns;
  }

  /** Whether the key may use the route. A scoped key may not use a route that isn't well-formed, whatever its patterns. */
  allows(record: Pick<KeyRecord, 'scopes'>, route: Route): boolean {
    const patterns = this.patternsOf(record);
    if (patterns === undefined) return true;
    return isWellFormedRoute(route) && patterns.some((pattern) => coversRoute(pattern, route));
  }

  /** The key's scopes that nothing is mapped to: they open no route. */
  unknownOf({ scopes }: Pick<KeyRecord, 'scopes'>): readonly string[] {
    return scopes === undefined || this.isEmpty ? NONE : this.#of(scopes).unknown;
  }

  #of(scopes: readonly string[]): OfScopes {
    const known = this.#ofScopes.get(scopes);
    if (known !== undefined) return known;
    const made = {
      patterns: scopes.flatMap((scope) => this.#patterns.get(scope) ?? []),
      unknown: scopes.filter((scope) => !this.#patterns.has(scope)),
    };
    this.#ofScopes.set(scopes, made);
    return made;
  }

  /** A key of every scope: the one with the longest policy. */
  get allPatterns(): readonly RoutePattern[] {
    return [...this.#patterns.values()].flat();
  }
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

function unreadableEntryOf(scope: string, texts: unknown): readonly (readonly [string, unknown])[] {
  if (!isScope(scope) || !Array.isArray(texts)) return [[scope, texts]];
  const wrong = texts.filter((text) => readPatterns([text]) === undefined);
  return wrong.length > 0 ? [[scope, wrong]] : [];
}
