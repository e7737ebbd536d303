/** The part of an event from any API type that identifies the caller. */
interface AuthorizedEvent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestContext?: {
    /** `CONNECT` for the request that opens a WebSocket connection. */
    readonly eventType?: string;
    readonly authorizer?: Readonly<Record<string, unknown>>;
  };
}

/**
 * The integration of the sample APIs. It returns the authorizer's context in the form that API Gateway passes on. It
 * opens WebSocket connections.
 */
export const handler = async ({ headers = {}, requestContext = {} }: AuthorizedEvent) => {
  const { authorizer = {}, eventType } = requestContext;
  return {
    statusCode: 200,
    headers: {
      'Content-Type': 'application/json',
      ...(eventType === 'CONNECT' && offersBearer(headers) ? { 'Sec-WebSocket-Protocol': 'bearer' } : {}),
    },
    // HTTP APIs put a Lambda authorizer's context under `lambda`. Other APIs put it next to `principalId`.
    body: JSON.stringify(authorizer['lambda'] ?? authorizer),
  };
};

/** A browser sends its key as the subprotocol after `bearer`. It closes the connection unless one is selected. */
function offersBearer(headers: Readonly<Record<string, string>>): boolean {
  const offered = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol');
  return offered.some(([, protocols]) => protocols.split(/, */).includes('bearer'));
}
