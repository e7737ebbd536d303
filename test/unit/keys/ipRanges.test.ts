import { isIPv6 } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkChanges, updateChange } from '../../../keys/changes.ts';
import { checkNewKey, findProblem } from '../../../keys/fields.ts';
import { checkImportedKey } from '../../../keys/importedKey.ts';
import { isAllowedIps, toCanonicalIps } from '../../../keys/ipRanges.ts';
import { getCopiedFields } from '../../../keys/rotation.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';

describe('a list of IP ranges', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7/32', '203.0.113.7'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['128.0.0.0/1', '128.0.0.0/1'],
    ['2001:DB8:0:0:0:0:0:0/32', '2001:db8::/32'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8::1/128', '2001:db8::1'],
    ['::1', '::1'],
    ['8000::/1', '8000::/1'],
    ['::', '::'],
    ['::/8', '::/8'],
    // An IPv4-compatible address is an ordinary IPv6 address.
    ['::203.0.113.7', '::cb00:7107'],
    ['64:ff9b::203.0.113.0/120', '64:ff9b::cb00:7100/120'],
  ])('accepts %s and stores %s', (given, stored) => {
    expect(isAllowedIps([given])).toBe(true);
    expect(toCanonicalIps([given])).toStrictEqual([stored]);
  });

  test('keeps the order and drops duplicates', () => {
    const given = ['2001:DB8::1', '203.0.113.7/32', '2001:db8:0::1/128', '203.0.113.7'];
    expect(checkNewKey({ label: 'x', allowedIps: given }, NOW_MS).allowedIps).toStrictEqual([
      '2001:db8::1',
      '203.0.113.7',
    ]);
  });

  test.each([
    ['10.0.0.1/8', 'which is inside a block: write 10.0.0.0/8 or 10.0.0.1'],
    ['203.0.113.7/31', 'which is inside a block: write 203.0.113.6/31 or 203.0.113.7'],
    ['2001:db8::1/33', 'which is inside a block: write 2001:db8::/33 or 2001:db8::1'],
    ['2001:db8:ffff::/33', 'which is inside a block: write 2001:db8:8000::/33 or 2001:db8:ffff::'],
    ['0.0.0.0/0', 'which is every address: leave allowedIps out instead'],
    ['::/0', 'which is every address: leave allowedIps out instead'],
    ['::ffff:203.0.113.7', 'which is IPv4 in IPv6: write it as IPv4'],
    ['::ffff:0:0/96', 'which is IPv4 in IPv6: write it as IPv4'],
    ['::FFFF:cb00:7107/112', 'which is IPv4 in IPv6: write it as IPv4'],
    ['fe80::1%eth0', 'which has a zone'],
    ['010.0.0.1', 'which is not an IPv4 or IPv6 address'],
    ['203.0.113.256', 'which is not an IPv4 or IPv6 address'],
    ['203.0.113', 'which is not an IPv4 or IPv6 address'],
    ['3405803783', 'which is not an IPv4 or IPv6 address'],
    ['0x7f.0.0.1', 'which is not an IPv4 or IPv6 address'],
    ['2001:db8::00001', 'which is not an IPv4 or IPv6 address'],
    ['[2001:db8::1]', 'which is not an IPv4 or IPv6 address'],
    [' 203.0.113.7', 'which is not an IPv4 or IPv6 address'],
    ['203.0.113.7:443', 'which is not an IPv4 or IPv6 address'],
    ['203.0.113.1-203.0.113.9', 'which is not an IPv4 or IPv6 address'],
    ['example.com', 'which is not an IPv4 or IPv6 address'],
    ['', 'which is not an IPv4 or IPv6 address'],
    ['10.0.0.0/33', 'which has no prefix length from 1 to 32 without leading zeros'],
    ['10.0.0.0/08', 'which has no prefix length from 1 to 32 without leading zeros'],
    ['10.0.0.0/', 'which has no prefix length from 1 to 32 without leading zeros'],
    ['10.0.0.0/255.0.0.0', 'which has no prefix length from 1 to 32 without leading zeros'],
    ['10.0.0.0/8/8', 'which has no prefix length from 1 to 32 without leading zeros'],
    ['2001:db8::/129', 'which has no prefix length from 1 to 128 without leading zeros'],
  ])('rejects %j and names the reason', (text, reason) => {
    expect(isAllowedIps(['203.0.113.1', text])).toBe(false);
    expect(findProblem('allowedIps', ['203.0.113.1', text], NOW_MS)).toBe(
      'allowedIps: expected a list of 1 to 20 IP addresses or CIDR blocks, such as ["203.0.113.7","2001:db8::/32"], ' +
        `got a list of 2 with ${JSON.stringify(text)} in it, ${reason}`,
    );
  });

  test('rejects a list with a gap or with another type', () => {
    const gap: string[] = [];
    gap.length = 1;
    expect(isAllowedIps(gap)).toBe(false);
    expect(isAllowedIps([7])).toBe(false);
  });

  test('has the same canonical text for every spelling of an IPv6 address', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 0xdb8, 0xffff), { minLength: 8, maxLength: 8 }), (groups) => {
        const long = groups.map((group) => group.toString(16).padStart(4, '0').toUpperCase()).join(':');
        if (!isAllowedIps([long])) return;
        const [text = ''] = toCanonicalIps([long]);
        expect(isIPv6(text)).toBe(true);
        expect(toCanonicalIps([text])).toStrictEqual([text]);
        expect(toCanonicalIps([`${long.toLowerCase()}/128`])).toStrictEqual([text]);
      }),
    );
  });
});

describe('the IP list of a key', () => {
  const { record } = makeKey({ allowedIps: ['10.0.0.0/8'] });

  test('is changed in canonical text', () => {
    const checked = checkChanges({ allowedIps: ['2001:DB8::1'] }, NOW_MS);
    expect(updateChange(checked, { read: undefined })).toMatchObject({
      set: { allowedIps: ['2001:db8::1'] },
      remove: [],
    });
  });

  test('is removed by null', () => {
    const checked = checkChanges({ allowedIps: null }, NOW_MS);
    expect(updateChange(checked, { read: undefined })).toMatchObject({ set: {}, remove: ['allowedIps'] });
  });

  test('is copied to the successor of a rotation', () => {
    expect(getCopiedFields(record)).toMatchObject({ allowedIps: ['10.0.0.0/8'] });
  });

  test('is imported in canonical text, and rejected if it is not valid', () => {
    const entry = { keyHash: record.keyHash, label: 'x' };
    const context = { actor: 'a', nowMs: NOW_MS };
    expect(checkImportedKey({ ...entry, allowedIps: ['10.0.0.0/8', '10.0.0.0/8'] }, context)).toMatchObject({
      record: { allowedIps: ['10.0.0.0/8'] },
    });
    expect(checkImportedKey({ ...entry, allowedIps: ['10.0.0.1/8'] }, context)).toMatchObject({
      problem: expect.stringMatching(/^allowedIps: expected a list of 1 to 20/),
    });
  });
});
