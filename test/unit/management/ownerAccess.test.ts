import { describe, expect, test } from '@jest/globals';
import { EDITABLE_FIELDS } from '../../../keys/table.ts';
import { parseRecord, publicRecord } from '../../../keys/record.ts';
import {
  OWNER_FIELDS,
  OWNER_SEES,
  toOwnersChanges,
  toOwnersNewKey,
  toOwnersRecord,
  toOwnersRotation,
} from '../../../management/ownerAccess.ts';
import type { OwnerCaller } from '../../../management/caller.ts';
import type { OwnerRules } from '../../../management/ownerRules.ts';
import { at, fullItem, makeKey, NOW_MS } from '../../support/keys.ts';

const DAY_MS = 86_400_000;
const OPEN: OwnerRules = { maxKeysPerOwner: 20 };
const RULES: OwnerRules = {
  scopes: ['orders:read', 'orders:write'],
  plans: ['free', 'pro'],
  maxLifetimeSeconds: 86_400,
  maxKeysPerOwner: 20,
};
const callerWith = (rules: OwnerRules): OwnerCaller => ({ kind: 'owner', actor: 'owner:ann', owner: 'acme', rules });
const create = (body: Record<string, unknown>, rules = RULES) => toOwnersNewKey(body, callerWith(rules), NOW_MS);
const { record: RECORD } = makeKey({ createdAt: at(0) });

describe("an owner's new key", () => {
  test('gets the defaults of the rules', () => {
    expect(create({ label: 'app' })).toEqual({
      label: 'app',
      owner: 'acme',
      scopes: RULES.scopes,
      plan: 'free',
      expiresAt: at(DAY_MS),
    });
    expect(create({ label: 'app' }, OPEN)).toEqual({ label: 'app', owner: 'acme' });
  });

  test('can have less than the rules allow', () => {
    const body = { label: 'app', scopes: [], plan: 'pro', expiresAt: at(1000), allowedIps: ['192.0.2.0/24'] };
    expect(create(body)).toEqual({ ...body, owner: 'acme' });
  });

  test.each<[string, Record<string, unknown>, OwnerRules]>([
    ['scopes', { scopes: ['orders:read', 'admin'] }, RULES],
    ['scopes', { scopes: null }, RULES],
    ['scopes', { scopes: 'orders:read' }, RULES],
    ['scopes', { scopes: [['orders:read']] }, RULES],
    ['scopes', { scopes: ['orders:read'] }, OPEN],
    ['scopes', { scopes: [] }, OPEN],
    ['plan', { plan: 'enterprise' }, RULES],
    ['plan', { plan: null }, RULES],
    ['plan', { plan: ['free'] }, RULES],
    ['plan', { plan: 'free' }, OPEN],
    ['expiresAt', { expiresAt: at(DAY_MS + 1) }, RULES],
    ['expiresAt', { expiresAt: null }, RULES],
    ['expiresAt', { expiresAt: '2030-06-16' }, RULES],
  ])('is refused with %s in %j', (field, body, rules) => {
    expect(() => create({ label: 'app', ...body }, rules)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(`^${field}: expected .*, got `),
      }),
    );
  });

  test.each(['owner', 'metadata', 'id', 'keyHash', 'createdBy', 'rootId', 'version', 'prefix', '__proto__'])(
    'is refused with the field %s',
    (field) => {
      const body = JSON.parse(`{"label":"app","${field}":"acme"}`) as Record<string, unknown>;
      expect(() => create(body, OPEN)).toThrow(
        expect.objectContaining({ message: `${field}: expected only ${OWNER_FIELDS.create.join(', ')}` }),
      );
    },
  );

  test('names every field that the rules refuse', () => {
    expect(() => create({ owner: 'globex', scopes: ['admin'], plan: 'x', expiresAt: null })).toThrow(
      /^owner: .*; scopes: .*; plan: .*; expiresAt: /,
    );
  });
});

describe("an owner's changes", () => {
  test.each<[string, Record<string, unknown>]>([
    ['a label', { label: 'new' }],
    ['fewer scopes', { scopes: ['orders:read'] }],
    ['another plan', { plan: 'pro' }],
    ['an earlier expiry', { expiresAt: at(1000) }],
    ['no list of addresses', { allowedIps: null }],
  ])('can be %s', (_, body) => {
    expect(toOwnersChanges(body, RECORD, callerWith(RULES))).toEqual(body);
  });

  test.each<[string, Record<string, unknown>]>([
    ['remove the scopes, because the key could then do everything', { scopes: null }],
    ['remove the plan, because the key would then have no limits', { plan: null }],
    ['remove the expiry', { expiresAt: null }],
    ["move the expiry beyond the key's lifetime", { expiresAt: at(DAY_MS + 1) }],
    ['set the owner', { owner: 'globex' }],
    ['set the metadata', { metadata: {} }],
  ])('cannot %s', (_, body) => {
    expect(() => toOwnersChanges(body, RECORD, callerWith(RULES))).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  test('count the lifetime from the creation of the key, so that it cannot be renewed for ever', () => {
    const { record } = makeKey({ createdAt: at(-DAY_MS + 1000) });
    expect(() => toOwnersChanges({ expiresAt: at(1001) }, record, callerWith(RULES))).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
    expect(toOwnersChanges({ expiresAt: at(1000) }, record, callerWith(RULES))).toEqual({ expiresAt: at(1000) });
  });

  test('cannot make a rotated key work longer, because rotated keys do not count', () => {
    const { record } = makeKey({ rotatedTo: 'next', expiresAt: at(1000) });
    expect(() => toOwnersChanges({ expiresAt: at(1001) }, record, callerWith(OPEN))).toThrow(
      expect.objectContaining({ code: 'CONFLICT', keyId: record.id }),
    );
    expect(toOwnersChanges({ expiresAt: at(999) }, record, callerWith(OPEN))).toEqual({ expiresAt: at(999) });
  });
});

describe("an owner's rotation", () => {
  test.each<[string, string | undefined, string | undefined, OwnerRules]>([
    ['the longest life if the old key never ends', undefined, at(DAY_MS), RULES],
    ["the old key's life if it is shorter", at(1000), at(1000), RULES],
    ['the longest life if the old key lives longer', at(2 * DAY_MS), at(DAY_MS), RULES],
    ["the registry's default without a longest life", at(1000), undefined, OPEN],
  ])('gives the successor %s', (_, expiresAt, end, rules) => {
    const { record } = makeKey({
      createdAt: at(0),
      ...(expiresAt === undefined ? {} : { expiresAt: at(Date.parse(expiresAt) - NOW_MS) }),
    });
    expect(toOwnersRotation({ graceSeconds: 60 }, record, callerWith(rules), NOW_MS).expiresAt).toBe(end);
  });

  test.each([{ expiresAt: null }, { expiresAt: at(DAY_MS + 1) }, { prefix: 'sk_live_' }, { owner: 'globex' }])(
    'is refused with %j',
    (body) => {
      expect(() => toOwnersRotation({ graceSeconds: 60, ...body }, RECORD, callerWith(RULES), NOW_MS)).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID' }),
      );
    },
  );
});

describe('the fields of an owner', () => {
  test('never include who made a change, the metadata or the hash', () => {
    const shown = toOwnersRecord(publicRecord(parseRecord(fullItem())));
    expect(Object.keys(shown).toSorted()).toEqual(
      Object.keys(shown)
        .filter((name) => (OWNER_SEES as readonly string[]).includes(name))
        .toSorted(),
    );
    expect(shown).not.toHaveProperty('metadata');
    expect(JSON.stringify(shown)).not.toContain('By"');
  });

  test('are all that an owner may send: every other editable field is refused', () => {
    const refused = EDITABLE_FIELDS.filter((name) => !(OWNER_FIELDS.create as readonly string[]).includes(name));
    expect(refused).toEqual(['owner', 'metadata']);
  });
});
