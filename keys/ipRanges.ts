import { isIP, isIPv4 } from 'node:net';

/** An IP address, or a CIDR block of addresses. An address has the longest prefix of its family. */
export interface IpRange {
  readonly family: 'ipv4' | 'ipv6';
  /** The first address in canonical text. */
  readonly address: string;
  /** The number of leading bits that all addresses share. */
  readonly prefixLength: number;
}

/** The largest number of ranges in `allowedIps`. */
export const MAX_ALLOWED_IPS = 20;

/** The expected format of `allowedIps`, as worded in error messages. */
export const ALLOWED_IPS_EXPECTED = `a list of 1 to ${MAX_ALLOWED_IPS} IP addresses or CIDR blocks, such as ["203.0.113.7","2001:db8::/32"]`;

/** Returns whether the value can be the `allowedIps` of a key. */
export function isAllowedIps(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_ALLOWED_IPS) return false;
  // `every` skips the gaps of a sparse list.
  return [...value].every((entry) => findRangeProblem(entry) === undefined);
}

/**
 * Returns valid `allowedIps` in canonical text, without duplicates: lower case, compressed IPv6 (RFC 5952), and no
 * prefix length after a single address.
 */
export function toCanonicalIps(ranges: readonly string[]): readonly string[] {
  return [...new Set(ranges.map((text) => formatRange(parseRange(text))))];
}

/**
 * Returns the reason why a value isn't an address or a CIDR block, or `undefined` if it is. Where the text has an
 * obvious correction, the reason names it.
 */
export function findRangeProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'which is not a text';
  const [address = '', prefix, ...more] = value.split('/');
  if (address.includes('%')) return 'which has a zone';
  const family = isIP(address);
  if (family === 0) return 'which is not an IPv4 or IPv6 address';
  const most = family === 4 ? 32 : 128;
  if (more.length > 0 || (prefix !== undefined && !isPrefixLength(prefix, most))) {
    return `which has no prefix length from 1 to ${most} without leading zeros`;
  }
  const range = parseRange(value);
  if (range.prefixLength === 0) return 'which is every address: leave allowedIps out instead';
  if (isMapped(range)) return 'which is IPv4 in IPv6: write it as IPv4';
  const network = networkOf(range);
  if (network === range.address) return undefined;
  return `which is inside a block: write ${network}/${range.prefixLength} or ${range.address}`;
}

/** A prefix length of 0 has a message of its own. */
function isPrefixLength(text: string, most: number): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= most;
}

/** Parses a range whose syntax was checked. */
function parseRange(text: string): IpRange {
  const [address = '', prefix] = text.split('/');
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const prefixLength = prefix === undefined ? bitsOf(family) : Number(prefix);
  return { family, address: family === 'ipv4' ? address : compress(address), prefixLength };
}

function formatRange({ family, address, prefixLength }: IpRange): string {
  return prefixLength === bitsOf(family) ? address : `${address}/${prefixLength}`;
}

function bitsOf(family: IpRange['family']): number {
  return family === 'ipv4' ? 32 : 128;
}

/** Returns the canonical text of an IPv6 address. The URL standard's serializer compresses as RFC 5952 does. */
function compress(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** Returns whether the block is inside `::ffff:0:0/96` (RFC 4291 §2.5.5.2). */
function isMapped({ family, address, prefixLength }: IpRange): boolean {
  return family === 'ipv6' && prefixLength >= 96 && address.startsWith('::ffff:') && address.split(':').length === 5;
}

/** Returns the address of a range without its host bits. */
function networkOf({ family, address, prefixLength }: IpRange): string {
  const groups = family === 'ipv4' ? address.split('.').map(Number) : groupsOf(address);
  const groupBits = family === 'ipv4' ? 8 : 16;
  const kept = groups.map((group, at) => {
    const bits = Math.min(groupBits, Math.max(0, prefixLength - at * groupBits));
    return group & (((1 << bits) - 1) << (groupBits - bits));
  });
  return family === 'ipv4' ? kept.join('.') : compress(kept.map((group) => group.toString(16)).join(':'));
}

/** Returns the eight groups of a compressed address. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}
