import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { managementRoutes } from '../../../infra/keyManagementRoutes.ts';
import { createOpenApiDocument, type DocumentedParts } from '../../../management/openApi.ts';
import { OWNER_SEES } from '../../../management/ownerAccess.ts';

const ALL: DocumentedParts = { operators: true, owners: true, portal: true };
const REFERENCE = new URL('../../../docs/reference/openapi.json', import.meta.url);

interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly description?: string }[];
  readonly responses: Readonly<Record<string, object>>;
}

/** Returns the operations of a document, with their methods and paths. */
function operationsOf(document: Record<string, any>): readonly (readonly [route: string, OperationObject])[] {
  return Object.entries<Record<string, OperationObject>>(document['paths']).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
}

describe('the OpenAPI document', () => {
  const document = createOpenApiDocument(ALL) as Record<string, any>;
  const operations = operationsOf(document);

  test('is the one in the reference: run npm run docs:reference if it differs', () => {
    expect(JSON.parse(readFileSync(REFERENCE, 'utf8'))).toEqual(document);
  });

  test.each<DocumentedParts>([
    ALL,
    { operators: true, owners: false, portal: false },
    { operators: false, owners: true, portal: false },
    { operators: false, owners: false, portal: true },
  ])('has exactly the routes that API Gateway gets for %j, except the files of the portal', (parts) => {
    const routes = managementRoutes(parts).map(({ method, path }) => `${method} ${path}`);
    const files = new Set(['GET /portal', 'GET /portal/{file+}']);
    const described = operationsOf(createOpenApiDocument(parts)).map(([route]) => route);
    expect(described.toSorted()).toEqual(routes.filter((route) => !files.has(route)).toSorted());
  });

  test('gives each operation an id of its own, a summary and descriptions of its parameters', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['createKey', 'createOwnKey', 'createPortalKey', 'verifyKey']));
    for (const [, { summary, parameters = [] }] of operations) {
      expect(summary).toMatch(/^[A-Z][a-z]+s .*[^.]$/);
      for (const { description } of parameters) expect(description).toMatch(/\.$/);
    }
  });

  test('describes every field of every request', () => {
    const requests = ['NewKey', 'KeyChanges', 'KeyRotation', 'KeyRevocation', 'KeyToVerify', 'NewPortalSession'];
    for (const name of requests) {
      for (const field of Object.values<Record<string, any>>(document['components'].schemas[name].properties)) {
        expect(JSON.stringify(field)).toContain('"description"');
      }
    }
  });

  test.each([
    ['/keys', 'sigv4'],
    ['/me/keys', 'token'],
    ['/portal/me/keys', 'portalSession'],
  ])('requires credentials on %s by the scheme %s', (path, scheme) => {
    expect(document['paths'][path].get.security).toEqual([{ [scheme]: [] }]);
    expect(document['components'].securitySchemes).toHaveProperty(scheme);
  });

  test('refers only to components that it has, and has no others', () => {
    const text = JSON.stringify(document);
    const refs = [...text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)].map(([, kind, name]) => `${kind}/${name}`);
    const { schemas, responses } = document['components'];
    const own = [
      ...Object.keys(schemas).map((name) => `schemas/${name}`),
      ...Object.keys(responses).map((name) => `responses/${name}`),
    ];
    expect([...new Set(refs)].toSorted()).toEqual(own.toSorted());
  });

  test('shows owners no other fields of a key than the API does', () => {
    const { properties } = document['components'].schemas['OwnersKey'];
    expect(Object.keys(properties).toSorted()).toEqual([...OWNER_SEES, 'state'].toSorted());
  });

  test('lets requests have no other fields, and responses have more', () => {
    const { schemas } = document['components'];
    expect(schemas['NewKey'].additionalProperties).toBe(false);
    expect(schemas['OwnersKeyChanges'].additionalProperties).toBe(false);
    expect(schemas['Key'].additionalProperties).toBeUndefined();
  });
});
