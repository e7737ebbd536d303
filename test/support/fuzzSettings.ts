/** What a scope opens, by the kind of API: written down apart from the patterns that the function reads. */
export interface Opened {
  /** What an API of methods is allowed, behind the stage. */
  readonly methods?: readonly string[];
  /** The same of a WebSocket API. */
  readonly connect?: readonly string[];
  readonly isGraphqlOpen?: boolean;
  /** The route keys of an HTTP API of which every request is allowed. */
  readonly routeKeys?: RegExp;
}

export interface FuzzSettings {
  readonly environment: Readonly<Record<string, string>>;
  /** By scope. Absent where no scopes are mapped, and so none closes a route. */
  readonly opened?: ReadonlyMap<string, Opened>;
}

const READ: Opened = { methods: ['GET/orders/*'], routeKeys: /^GET \/orders\// };
/** All that begins with a method, but the two routes that a method cannot name. */
const ANY_METHOD = /^(?!GRAPHQL \/graphql$)(?:\$default$|[^ ]+ \/)/;

/** What the function can be set to, as far as an event meets with it. */
export const SETTINGS: Readonly<Record<string, FuzzSettings>> = {
  defaults: { environment: {} },
  'every source': {
    environment: { LATCHKEY_KEY_SOURCES: 'header:x-api-key,bearer,query:api_key,header:authorization' },
  },
  'foreign keys': { environment: { LATCHKEY_ACCEPT_FOREIGN_KEYS: 'true', LATCHKEY_RECORD_CACHE_SECONDS: '0' } },
  scopes: {
    environment: {
      LATCHKEY_SCOPES: '{"read":["GET /orders/*"],"connect":["$connect"],"graphql":["GRAPHQL /graphql"]}',
      LATCHKEY_DEBUG_SAMPLE_RATE: '1',
    },
    opened: new Map<string, Opened>([
      ['read', READ],
      ['connect', { connect: ['$connect'] }],
      ['graphql', { isGraphqlOpen: true }],
    ]),
  },
  'simple answers that are kept': {
    environment: {
      LATCHKEY_HTTP_API_RESPONSE: 'simple',
      LATCHKEY_RESULTS_CACHE_SECONDS: '60',
      LATCHKEY_SCOPES: '{"read":["GET /orders/*"],"__proto__":["* /*"]}',
    },
    opened: new Map<string, Opened>([
      ['read', READ],
      ['__proto__', { methods: ['*/*'], routeKeys: ANY_METHOD }],
    ]),
  },
  plans: {
    environment: {
      LATCHKEY_PLANS: '{"namespace":"0123456789abcdef","perKey":["free"],"shared":["constructor"]}',
    },
  },
};
