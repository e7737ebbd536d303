import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { LOCAL_CREDENTIALS, SIGNED_SERVICE } from '../../local/iamAuthorizer.ts';
import { REGION } from '../../local/template.ts';

const SIGNER = new SignatureV4({
  service: SIGNED_SERVICE,
  region: REGION,
  credentials: LOCAL_CREDENTIALS,
  sha256: Sha256,
});

/** Sends a request to the local gateway as an operator, signed like a client of AWS. A body is sent as JSON. */
export async function fetchAsOperator(
  url: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { host, hostname, pathname, searchParams } = new URL(url);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const signed = await SIGNER.sign({
    method,
    protocol: 'http:',
    hostname,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: { host, ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(text !== undefined && { body: text }),
  });
  return fetch(url, { method, headers: signed.headers, ...(text !== undefined && { body: text }) });
}
