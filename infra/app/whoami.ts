/** What of an event of any API shows who called. */
interface AuthorizedEvent {
  readonly requestContext?: { readonly authorizer?: Readonly<Record<string, unknown>> };
}

/** The sample's integration: answers with all that API Gateway hands on of the authorizer's answer. */
export const handler = async (event: AuthorizedEvent) => {
  const authorizer = event.requestContext?.authorizer ?? {};
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    // HTTP APIs put a Lambda authorizer's context under `lambda`, the others beside the principal.
    body: JSON.stringify(authorizer['lambda'] ?? authorizer),
  };
};
