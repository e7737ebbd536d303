import { expect, test } from '@jest/globals';
import { managementRoutes } from '../../../infra/keyManagementRoutes.ts';
import { createOpenApiDocument } from '../../../management/openApi.ts';

const PARTS = { operators: true, owners: true, portal: true };

/** The files of the portal and its page, which aren't operations of the API. */
const PAGE = new Set(['GET /portal', 'GET /portal/{file+}']);

/** Returns the operations of the document, such as `GET /keys/{id}`. */
function documented(parts: typeof PARTS): string[] {
  const paths = Object.entries(createOpenApiDocument(parts)['paths'] as Record<string, object>);
  return paths.flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
}

test.each([
  PARTS,
  { ...PARTS, owners: false, portal: false },
  { ...PARTS, portal: false },
  { ...PARTS, operators: false, portal: false },
])('the API has a route for each operation of its OpenAPI document, with the parts %j', (parts) => {
  const routes = managementRoutes(parts).map(({ method, path }) => `${method} ${path}`);
  expect(routes.filter((route) => !PAGE.has(route)).toSorted()).toEqual(documented(parts).toSorted());
  expect(new Set(routes).size).toBe(routes.length);
});
