import { IpList } from './ipList.ts';
import { type EventFields, headerLines } from './requestValues.ts';

/** The trusted proxies: the number of proxies before the API, or the addresses of all proxies. */
export type TrustedProxies = number | IpList;

const MAX_PROXIES = 10;

/** The expected format of the trusted proxies, as worded in error messages. */
export const TRUSTED_PROXIES_EXPECTED = `a number of proxies from 1 to ${MAX_PROXIES}, or their IP addresses and CIDR blocks`;

/**
 * Returns the address of the client, or `undefined` if it isn't known. It is the address of the connection. The header
 * `X-Forwarded-For` counts only behind trusted proxies. It's read from the right, because the client sends the left.
 */
export function callerAddress(event: EventFields | undefined, proxies: TrustedProxies | undefined): string | undefined {
  if (event === undefined) return undefined;
  const connected = connectionAddress(event);
  if (proxies === undefined) return connected;
  const hops = hopsOf(event, connected);
  if (hops === undefined) return undefined;
  if (typeof proxies === 'number') return hops[proxies];
  return hops.find((hop) => !proxies.has(hop)) ?? hops.at(-1);
}

/**
 * Returns the address of the connection: `remoteAddress` of a server, or that of an event. The events of load balancers,
 * TOKEN authorizers and AppSync don't contain it. The client can't set these fields.
 */
function connectionAddress({ remoteAddress, requestContext }: EventFields): string | undefined {
  const { identity, http } = Object(requestContext) as EventFields;
  const address: unknown = remoteAddress ?? Object(identity).sourceIp ?? Object(http).sourceIp;
  return typeof address === 'string' ? address : undefined;
}

/** A load balancer's own hop. No list contains it. */
const LOAD_BALANCER = '';

/**
 * Returns the addresses from the connection to the client, or `undefined` if the event contradicts itself. API Gateway
 * and function URLs append the connection's address to the header. A server's connection isn't in it, and neither is a
 * load balancer's.
 */
function hopsOf(event: EventFields, connected: string | undefined): readonly string[] | undefined {
  const forwarded = headerLines(event, 'x-forwarded-for')
    .join()
    .split(',')
    .map((hop) => hop.trim())
    .toReversed();
  const { remoteAddress, requestContext } = event;
  if (remoteAddress !== undefined || Object(requestContext).elb !== undefined) {
    return [connected ?? LOAD_BALANCER, ...forwarded];
  }
  return connected !== undefined && forwarded[0] === connected ? forwarded : undefined;
}

/** Parses the setting: a number, or a list with commas. Returns `undefined` if it isn't valid. */
export function parseTrustedProxies(text: string): TrustedProxies | undefined {
  if (!/^\d+$/.test(text)) return IpList.parse(text);
  const count = Number(text);
  return count >= 1 && count <= MAX_PROXIES ? count : undefined;
}
