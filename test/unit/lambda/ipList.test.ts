import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toCanonicalIps } from '../../../keys/ipRanges.ts';
import { IpList } from '../../../lambda/ipList.ts';

describe('IpList', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['128.0.0.0/1', '127.255.255.255', false],
    ['2001:db8::/32', '2001:DB8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['2001:db8::1', '2001:0db8:0:0:0:0:0:1', true],
    ['fe80::/10', 'fe80::1%eth0', false],
    // A dual-stack socket reports an IPv4 client so.
    ['203.0.113.7', '::ffff:203.0.113.7', true],
    ['203.0.113.0/24', '::ffff:cb00:7107', true],
    ['203.0.113.7', '::ffff:203.0.113.8', false],
    // The other family never matches, not even where Node's BlockList compares the bits.
    ['::/8', '203.0.113.7', false],
    ['::/8', '::ffff:203.0.113.7', false],
    ['::/64', '10.0.0.1', false],
    ['203.0.113.7', '::203.0.113.7', false],
    ['0.0.0.0/1', '::1', false],
    // No address.
    ['203.0.113.7', '', false],
    ['203.0.113.7', '203.0.113.7:443', false],
    ['203.0.113.7', ' 203.0.113.7', false],
    ['203.0.113.7', '203.0.113.07', false],
    ['203.0.113.7', '[::1]', false],
    ['203.0.113.7', 'unknown', false],
  ])('of %s answers for %j: %p', (range, address, isInside) => {
    expect(new IpList([range]).has(address)).toBe(isInside);
  });

  test.each(['x', '', '10.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '10.0.0.0/a', '10.0.0.0/1.5'])(
    'leaves out the unreadable entry %j, which then contains no address',
    (entry) => {
      const list = new IpList([entry, '203.0.113.7']);
      expect(list.ranges).toEqual(['203.0.113.7']);
      expect([list.has('10.0.0.1'), list.has('::1'), list.has('203.0.113.7')]).toEqual([false, false, true]);
      expect(IpList.parse(`203.0.113.7,${entry}`)).toBeUndefined();
    },
  );

  test('without entries contains no address', () => {
    expect([new IpList([]).has('203.0.113.7'), new IpList([]).has('::1')]).toEqual([false, false]);
  });

  test('agrees with a comparison of bits for any address and blocks', () => {
    const v4 = fc.array(fc.constantFrom(0, 1, 10, 127, 128, 192, 255), { minLength: 4, maxLength: 4 });
    const v6 = fc.array(fc.constantFrom(0, 1, 0xdb8, 0x2001, 0x8000, 0xffff), { minLength: 8, maxLength: 8 });
    const address = fc.oneof(v4, v6);
    const block = fc.tuple(address, fc.double({ min: 0, max: 1, noNaN: true })).map(([parts, share]) => {
      const bits = parts.length === 4 ? 32 : 128;
      return { parts, length: 1 + Math.floor(share * (bits - 1)) };
    });
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 20 }), address, (blocks, parts) => {
        const entries = blocks.map((one) => `${toText(networkOf(one))}/${one.length}`);
        const isInside = blocks.some((one) => isIn(one, parts));
        expect(new IpList(entries).has(toText(parts))).toBe(isInside);
        expect(new IpList(toCanonicalIps(entries)).has(toText(parts))).toBe(isInside);
      }),
      { numRuns: 500 },
    );
  });
});

type Parts = readonly number[];
interface Block {
  readonly parts: Parts;
  readonly length: number;
}

function isIn({ parts: network, length }: Block, parts: Parts): boolean {
  if (isMapped(parts)) return network.length === 4 && isIn({ parts: network, length }, toIpv4(parts));
  if (network.length !== parts.length) return false;
  return toBits(network).slice(0, length) === toBits(parts).slice(0, length);
}

function isMapped(parts: Parts): boolean {
  return parts.length === 8 && parts.slice(0, 6).join() === '0,0,0,0,0,65535';
}

function toIpv4([, , , , , , high = 0, low = 0]: Parts): Parts {
  return [high >> 8, high & 255, low >> 8, low & 255];
}

function toBits(parts: Parts): string {
  return parts.map((part) => part.toString(2).padStart(parts.length === 4 ? 8 : 16, '0')).join('');
}

function networkOf({ parts, length }: Block): Parts {
  const size = parts.length === 4 ? 8 : 16;
  const bits = toBits(parts)
    .slice(0, length)
    .padEnd(parts.length * size, '0');
  return parts.map((_, at) => Number.parseInt(bits.slice(at * size, (at + 1) * size), 2));
}

function toText(parts: Parts): string {
  return parts.length === 4 ? parts.join('.') : parts.map((part) => part.toString(16)).join(':');
}
