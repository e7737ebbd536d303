/** The part of an event from any API type that identifies the caller. */
interface AuthorizedEvent {
  readonly requestContext?: { readonly authorizer?: Readonly<Record<string, unknown>> };
}

/** The integration of the sample APIs. It returns the authorizer's context in the form that API Gateway passes on. */
export const handler = async (event: AuthorizedEvent) => {
  const authorizer = event.requestContext?.authorizer ?? {};
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    // HTTP APIs put a Lambda authorizer's context under `lambda`. Other APIs put it next to `principalId`.
    body: JSON.stringify(authorizer['lambda'] ?? authorizer),
  };
};
