import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { getHeader, parseQuery, type GatewayRequest } from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

/** The only credentials that sign requests on this machine. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

/** The service in the scope of a signature for an API. */
export const SIGNED_SERVICE = 'execute-api';

/** API Gateway refuses a signature whose time differs more from its own. */
const MAX_SKEW_MS = 5 * 60 * 1000;

/**
 * `requestContext.authorizer.iam` of a request with the local credentials ("Working with AWS Lambda proxy integrations
 * for HTTP APIs"). They belong to a user of the local account.
 */
export const LOCAL_CALLER = {
  accessKey: LOCAL_CREDENTIALS.accessKeyId,
  accountId: ACCOUNT_ID,
  callerId: 'AIDALOCAL',
  cognitoIdentity: null,
  principalOrgId: null,
  userArn: `arn:aws:iam::${ACCOUNT_ID}:user/local`,
  userId: 'AIDALOCAL',
};

/**
 * Returns whether the local credentials have signed the request in its `Authorization` header ("Signature Version 4").
 * The path is the one that the client sent, with the prefix of the API.
 */
export async function isSigned(request: GatewayRequest, now: () => number): Promise<boolean> {
  const [authorization = ''] = getHeader(request, 'authorization');
  const signedHeaders = /\bSignedHeaders=([^, ]+)/.exec(authorization)?.[1]?.split(';') ?? [];
  const signingDate = parseAmzDate(getHeader(request, 'x-amz-date')[0] ?? '');
  if (signingDate === undefined || !signedHeaders.includes('host')) return false;
  if (Math.abs(signingDate.getTime() - now()) > MAX_SKEW_MS || !hasItsBody(request)) return false;
  const signed = await SIGNER.sign(toSigned(request, signedHeaders), {
    signingDate,
    signableHeaders: new Set(signedHeaders),
  });
  return isEqual(normalize(signed.headers['authorization'] ?? ''), normalize(authorization));
}

const SIGNER = new SignatureV4({
  service: SIGNED_SERVICE,
  region: REGION,
  credentials: LOCAL_CREDENTIALS,
  sha256: Sha256,
  applyChecksum: false,
});

/** Returns the request with only its signed headers, in the form that the signer accepts. */
function toSigned(request: GatewayRequest, signedHeaders: readonly string[]) {
  const headers = signedHeaders.map((name) => [name, getHeader(request, name).join(',')] as const);
  const query: Record<string, string[]> = {};
  for (const [name, value] of parseQuery(request)) (query[name] ??= []).push(value);
  return {
    method: request.method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    path: request.sentPath,
    query,
    headers: Object.fromEntries(headers),
    body: request.body,
  };
}

/** The signer trusts this header, so a request could otherwise have another body than the signed one. */
function hasItsBody(request: GatewayRequest): boolean {
  const hash = createHash('sha256').update(request.body).digest('hex');
  return getHeader(request, 'x-amz-content-sha256').every((sent) => sent === hash);
}

/** Parses a date such as `20300102T030405Z`. */
function parseAmzDate(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Removes the spaces after commas, which clients write in different ways. */
function normalize(authorization: string): string {
  return authorization.replaceAll(/,\s*/g, ',');
}

function isEqual(one: string, other: string): boolean {
  const [oneBytes, otherBytes] = [Buffer.from(one), Buffer.from(other)];
  return oneBytes.length === otherBytes.length && timingSafeEqual(oneBytes, otherBytes);
}
