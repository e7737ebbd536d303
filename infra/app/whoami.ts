/** The part of an event from any API type that identifies the caller. */
interface AuthorizedEvent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestContext?: {
    /** `CONNECT` for the request that opens a WebSocket connection. */
    readonly eventType?: string;
    readonly authorizer?: Context;
  };
}

type Context = Readonly<Record<string, unknown>>;

/**
 * The integration of the sample APIs. It returns the authorizer's context in the form that API Gateway passes on. It
 * opens WebSocket connections. It responds with 429 to a key that is over a limit of its plan. A WebSocket connection
 * then doesn't open.
 */
export const handler = async ({ headers = {}, requestContext = {} }: AuthorizedEvent) => {
  const { authorizer = {}, eventType } = requestContext;
  // HTTP APIs put a Lambda authorizer's context under `lambda`. Other APIs put it next to `principalId`.
  const context = (authorizer['lambda'] ?? authorizer) as Context;
  if (context['limited'] === 'true') return tooManyRequests(context);
  return {
    statusCode: 200,
    headers: {
      'Content-Type': 'application/json',
      ...(eventType === 'CONNECT' && offersBearer(headers) ? { 'Sec-WebSocket-Protocol': 'bearer' } : {}),
    },
    body: JSON.stringify(context),
  };
};

/** Returns the response to a request that `onLimit: 'tell'` allowed. */
function tooManyRequests({ errorCode, errorMessage, retryAfterSeconds }: Context) {
  const error = { code: errorCode, message: errorMessage };
  return {
    statusCode: 429,
    headers: { 'Content-Type': 'application/json', 'Retry-After': String(retryAfterSeconds) },
    body: JSON.stringify({ success: false, data: null, error, pagination: null }),
  };
}

/** A browser sends its key as the subprotocol after `bearer`. It closes the connection unless one is selected. */
function offersBearer(headers: Readonly<Record<string, string>>): boolean {
  const offered = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol');
  return offered.some(([, protocols]) => protocols.split(/, */).includes('bearer'));
}
