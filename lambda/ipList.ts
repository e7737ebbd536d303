import { BlockList, isIP } from 'node:net';

/**
 * A list of IP addresses and CIDR blocks. IPv4 and IPv6 have separate block lists, because Node.js would find an IPv4
 * address in a block such as `::/64`.
 */
export class IpList {
  /** The entries that are addresses or blocks. Any other entry contains no address. */
  readonly ranges: readonly string[];
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();

  constructor(entries: readonly string[]) {
    this.ranges = entries.filter((entry) => this.#add(entry));
  }

  /** Parses a list with commas. Returns `undefined` if an entry isn't an address or a block. */
  static parse(text: string): IpList | undefined {
    const entries = text.split(',');
    const list = new IpList(entries);
    return list.ranges.length === entries.length ? list : undefined;
  }

  /** Returns whether the list contains the address. IPv4 in IPv6 counts as IPv4. A text of another form is not in it. */
  has(text: string): boolean {
    const type = typeOf(text);
    if (type === undefined) return false;
    const list = type === 'ipv4' || isMapped(text) ? this.#ipv4 : this.#ipv6;
    return list.check(text, type);
  }

  #add(entry: string): boolean {
    const [address = '', prefix, ...more] = entry.split('/');
    const type = typeOf(address);
    const isIpv4 = type === 'ipv4';
    const bits = isIpv4 ? 32 : 128;
    const length = Number(prefix ?? bits);
    if (type === undefined || more.length > 0 || !Number.isInteger(length) || length < 1 || length > bits) return false;
    (isIpv4 ? this.#ipv4 : this.#ipv6).addSubnet(address, length, type);
    return true;
  }
}

/** Returns the family of an address. An address with a zone has none, because it means something else on each machine. */
function typeOf(text: string): 'ipv4' | 'ipv6' | undefined {
  const family = text.includes('%') ? 0 : isIP(text);
  return family === 0 ? undefined : family === 4 ? 'ipv4' : 'ipv6';
}

let mapped: BlockList | undefined;

/**
 * Returns whether an IPv6 address is in `::ffff:0:0/96`, an IPv4 address in IPv6 (RFC 4291 §2.5.5.2). A dual-stack socket
 * reports IPv4 clients so. The first use creates the block, because a cold start doesn't need it.
 */
function isMapped(address: string): boolean {
  if (mapped === undefined) {
    mapped = new BlockList();
    mapped.addSubnet('::ffff:0:0', 96, 'ipv6');
  }
  return mapped.check(address, 'ipv6');
}
