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
    const [address = ''] = text.split('%');
    const family = isIP(address);
    if (family === 0) return false;
    const type = family === 4 ? 'ipv4' : 'ipv6';
    const list = family === 4 || isMapped(address) ? this.#ipv4 : this.#ipv6;
    return list.check(address, type);
  }

  #add(entry: string): boolean {
    const [address = '', prefix, ...more] = entry.split('/');
    const family = address.includes('%') ? 0 : isIP(address);
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (family === 0 || more.length > 0 || !Number.isInteger(length) || length < 1 || length > bits) return false;
    if (family === 4) this.#ipv4.addSubnet(address, length, 'ipv4');
    else this.#ipv6.addSubnet(address, length, 'ipv6');
    return true;
  }
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
