/** The routes of a scope by API type. They are independent of the patterns that the function reads. */
export interface Opened {
  /** Ends of the allowed ARNs after the stage. They apply to REST and HTTP APIs. */
  readonly methods?: readonly string[];
  /** Ends of the allowed ARNs of a WebSocket API. */
  readonly connect?: readonly string[];
  readonly isGraphqlOpen?: boolean;
  /** The allowed route keys of an HTTP API with simple responses. */
  readonly routeKeys?: RegExp;
}

/** One configuration of the function. */
export interface FuzzSettings {
  readonly environment: Readonly<Record<string, string>>;
  /** The routes by scope. Absent if scopes aren't mapped, so they don't restrict routes. */
  readonly opened?: ReadonlyMap<string, Opened>;
}

const READ: Opened = { methods: ['GET/orders/*'], routeKeys: /^GET \/orders\// };
/** Matches all route keys that begin with a method, except those that method patterns don't match. */
const ANY_METHOD = /^(?!GRAPHQL \/graphql$|SUBSCRIBE |PUBLISH )(?:\$default$|[^ ]+ \/)/;

/** The configurations of the function that affect its responses to events. */
export const SETTINGS: Readonly<Record<string, FuzzSettings>> = {
  defaults: { environment: {} },
  'every source': {
    environment: { LATCHKEY_KEY_SOURCES: 'header:x-api-key,bearer,query:api_key,header:authorization' },
  },
  'other schemes, cookies and subprotocols': {
    environment: { LATCHKEY_KEY_SOURCES: 'basic,header:Authorization:Token,cookie:key,websocket-protocol' },
  },
  'external keys': { environment: { LATCHKEY_EXTERNAL_KEYS: 'true', LATCHKEY_RECORD_CACHE_SECONDS: '0' } },
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
