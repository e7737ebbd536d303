import { describe, expect, test } from '@jest/globals';
import { readOperator, readOwner } from '../../../management/function/readCaller.ts';

const ARN = 'arn:aws:sts::111122223333:assumed-role/back-office/i-0abc';
const rules = { maxKeysPerOwner: 20 };
const USERS = { ownerClaim: 'sub', orgClaim: undefined, rules };
const ORGANISATIONS = { ownerClaim: 'sub', orgClaim: 'org', rules };
const jwt = (claims: unknown) => ({ jwt: { claims, scopes: null } });
const UNAUTHENTICATED = expect.objectContaining({ kind: 'refused', code: 'UNAUTHENTICATED' });
const FORBIDDEN = expect.objectContaining({ kind: 'refused', code: 'FORBIDDEN' });

describe('an operator', () => {
  test('is the ARN that AWS_IAM has authorized', () => {
    expect(readOperator({ iam: { userArn: ARN, accountId: '111122223333' } })).toEqual({
      kind: 'operator',
      actor: ARN,
    });
  });

  test.each([
    ['no authorizer', {}],
    ['a token', jwt({ sub: 'ann', userArn: ARN })],
    ['the context of a Lambda authorizer', { lambda: { userArn: ARN } }],
    ['an empty ARN', { iam: { userArn: '' } }],
    ['an ARN that is not a text', { iam: { userArn: [ARN] } }],
    ['null', { iam: null }],
  ])('is refused with %s', (_, authorizer) => {
    expect(readOperator(authorizer)).toEqual(UNAUTHENTICATED);
  });
});

describe('an owner', () => {
  test.each<[string, unknown, Parameters<typeof readOwner>[1], object]>([
    ['the user', { sub: 'ann' }, USERS, { actor: 'owner:ann', owner: 'ann' }],
    [
      "a claim of the deployment's choice, and the user is the actor",
      { sub: 'ann', customer: 'acme' },
      { ownerClaim: 'customer', orgClaim: undefined, rules },
      { actor: 'owner:ann', owner: 'acme' },
    ],
    ["the user's organisation", { sub: 'ann', org: 'acme' }, ORGANISATIONS, { actor: 'owner:ann', owner: 'acme' }],
    ['a long number that is a text', { sub: '110248495921238986420' }, USERS, { owner: '110248495921238986420' }],
    ['a text with brackets inside', { sub: 'auth0|[x]' }, USERS, { owner: 'auth0|[x]' }],
  ])('is %s', (_, claims, settings, caller) => {
    expect(readOwner(jwt(claims), settings)).toMatchObject({ kind: 'owner', rules, ...caller });
  });

  test.each<[string, object]>([
    ['no authorizer', {}],
    ['the identity of an operator', { iam: { userArn: ARN } }],
    ['the context of a Lambda authorizer', { lambda: { sub: 'ann' } }],
    ['claims of a REST API', { claims: { sub: 'ann' } }],
    ['no claims', { jwt: {} }],
    ['claims that are a text', jwt('sub')],
  ])('is refused with %s', (_, authorizer) => {
    expect(readOwner({ ...authorizer }, USERS)).toEqual(UNAUTHENTICATED);
  });

  test.each<[string, unknown]>([
    ['is missing', undefined],
    ['is empty', ''],
    ['is only spaces', '  '],
    ['is a list as API Gateway sends it', '[acme globex]'],
    ['is a list of one', '[acme]'],
    ['is a list', ['acme']],
    ['is an object as API Gateway sends it', 'map[id:acme]'],
    ['is null as API Gateway sends it', '<nil>'],
    ['is null', null],
    ['is the text null', 'null'],
    ['is a rounded number', '1.2345678901234567e+19'],
    ['is a number', 7],
    ['has a line break', 'acme\nglobex'],
    ['has an invisible character', 'ac\u200bme'],
    ['is too long', 'a'.repeat(257)],
  ])('is refused if the claim %s', (_, value) => {
    expect(readOwner(jwt({ sub: value }), USERS)).toEqual(FORBIDDEN);
    expect(readOwner(jwt({ sub: 'ann', org: value }), ORGANISATIONS)).toEqual(FORBIDDEN);
  });

  test('never becomes the user if the organisation is missing', () => {
    expect(readOwner(jwt({ sub: 'acme' }), ORGANISATIONS)).toEqual(FORBIDDEN);
  });

  test('is not a property that every object has', () => {
    expect(readOwner(jwt({}), { ownerClaim: 'constructor', orgClaim: undefined, rules })).toEqual(FORBIDDEN);
  });

  test("is not in the refusal's text", () => {
    expect(JSON.stringify(readOwner(jwt({ sub: '[acme]' }), USERS))).not.toContain('acme');
  });
});
