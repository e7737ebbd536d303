/** A route of an API: `path` is like `/keys/{id}` or `/{proxy+}`, or `$default` for whatever no other route takes. */
export interface Routable {
  /** `ANY` for every method. */
  readonly method: string;
  readonly path: string;
}

export interface RouteMatch<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** The most specific route for a request: literal segments before parameters before greedy ones, a method before `ANY`. */
export function matchRoute<Route extends Routable>(
  routes: readonly Route[],
  method: string,
  path: string,
): RouteMatch<Route> | undefined {
  const candidates = routes
    .filter((route) => route.method === method || route.method === 'ANY')
    .map((route) => ({ route, pathParameters: matchPath(route.path, path) }))
    .filter((match): match is RouteMatch<Route> => match.pathParameters !== undefined);
  return candidates.toSorted((one, other) => (rank(one.route) < rank(other.route) ? -1 : 1))[0];
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  if (pattern === '$default') return {};
  const parameters: Record<string, string> = {};
  const segments = path.split('/');
  const wanted = pattern.split('/');
  for (const [at, part] of wanted.entries()) {
    const segment = segments[at];
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(part) ?? [];
    if (name === undefined && segment !== part) return undefined;
    if (name === undefined) continue;
    if (!segment) return undefined;
    parameters[name] = decode(greedy ? segments.slice(at).join('/') : segment);
    if (greedy) return parameters;
  }
  return segments.length === wanted.length ? parameters : undefined;
}

/** A text that sorts as routes are preferred. */
function rank({ method, path }: Routable): string {
  if (path === '$default') return '9';
  const segments = path.split('/').map((part) => (part.endsWith('+}') ? '2' : part.startsWith('{') ? '1' : '0'));
  return `${segments.join('')} ${method === 'ANY' ? 1 : 0}`;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
