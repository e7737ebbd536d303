import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../local/gatewayError.ts';
import { createResolver } from '../../../local/template.ts';

const resolve = createResolver(
  new Map([
    ['Keys', { type: 'AWS::DynamoDB::Table', properties: {} }],
    ['Named', { type: 'AWS::DynamoDB::Table', properties: { TableName: { 'Fn::Sub': 'keys-${AWS::Region}' } } }],
    ['Check', { type: 'AWS::Lambda::Function', properties: {} }],
  ]),
);
const CHECK_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:Check';

test.each([
  ['a Ref to the logical id', { Ref: 'Keys' }, 'Keys'],
  ['a Ref to the name that the resource sets', { Ref: 'Named' }, 'keys-us-east-1'],
  ['a pseudo parameter', { Ref: 'AWS::AccountId' }, '000000000000'],
  ['an attribute', { 'Fn::GetAtt': ['Check', 'Arn'] }, CHECK_ARN],
  ['an attribute as a string', { 'Fn::GetAtt': 'Check.Arn' }, CHECK_ARN],
  ['a join', { 'Fn::Join': ['/', ['a', { Ref: 'Keys' }]] }, 'a/Keys'],
  ['an element of a split', { 'Fn::Select': [1, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Check', 'Arn'] }] }] }, 'aws'],
  [
    'a substitution',
    { 'Fn::Sub': '${AWS::Partition}/${Keys}/${Check.Arn}/${!kept}' },
    `aws/Keys/${CHECK_ARN}/\${kept}`,
  ],
  ['a substitution with variables', { 'Fn::Sub': ['${name}', { name: { Ref: 'Keys' } }] }, 'Keys'],
  ['plain values', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
  ['nested intrinsic functions', { a: [{ b: { Ref: 'Keys' } }] }, { a: [{ b: 'Keys' }] }],
  ['AWS::NoValue by removing the value', { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }] }, { b: [] }],
])('createResolver resolves %s', (_, value, expected) => {
  expect(resolve(value)).toEqual(expected);
});

describe('an unknown intrinsic function or name', () => {
  test.each([
    [{ 'Fn::ImportValue': 'other' }, 'Fn::ImportValue'],
    [{ Ref: 'Nowhere' }, 'Nowhere'],
    [{ 'Fn::GetAtt': ['Keys', 'Colour'] }, 'Keys.Colour'],
    [{ 'Fn::Select': [9, ['one']] }, 'Fn::Select'],
    [{ 'Fn::Join': ['', [{}]] }, 'a list'],
  ])('causes an error that contains its name: %j', (value, named) => {
    expect(() => resolve(value)).toThrow(GatewayError);
    expect(() => resolve(value)).toThrow(named);
  });
});
