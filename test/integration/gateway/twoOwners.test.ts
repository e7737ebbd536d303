import { LOCAL_AUDIENCE } from '../../../local/localIssuer.ts';
import { startGateway } from '../../support/gateway.ts';
import { fetchAsOperator } from '../../support/localOperator.ts';
import { withIssuer } from '../../support/ownersTemplate.ts';
import { startTestIssuer } from '../../support/testIssuer.ts';
import { describeOwners } from '../management/ownersContract.ts';

describeOwners('the local gateway', async () => {
  const own = await startTestIssuer();
  const rates = { rateLimit: { rateLimit: 1000, burstLimit: 1000 } };
  const served = await startGateway(await withIssuer(own.url, { owners: { maxKeysPerOwner: 200 }, ...rates }));
  const root = served.url.replace('/rest/whoami', '');
  return {
    call: async (as, { method = 'GET', path, body, headers = {} }) => {
      const options = { method, headers: { ...headers }, ...(body !== undefined && { body: Object(body) }) };
      const response =
        as === 'operator'
          ? await fetchAsOperator(root + path, options)
          : await fetchAsOwner(
              root + path,
              await own.sign({ sub: as, aud: LOCAL_AUDIENCE, exp: Math.floor(Date.now() / 1000) + 600 }),
              options,
            );
      return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
    },
    close: async () => {
      await served.stop();
      await own.stop();
    },
  };
});

interface RequestOptions {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** Sends a request with a token. A body is sent as JSON. */
function fetchAsOwner(url: string, token: string, { method, headers, body }: RequestOptions): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
