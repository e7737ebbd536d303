import * as z from 'zod';
import { type Json, usedSchemas } from './jsonSchema.ts';
import { type Audience, describeSecurity, type PlacedOperation } from './openApiAudience.ts';
import { describeOperation } from './openApiOperation.ts';
import { describeProblems } from './openApiProblems.ts';
import {
  CREATE_PORTAL_SESSION,
  DESCRIBE_OWNER,
  DESCRIBE_PORTAL_OWNER,
  END_SESSION,
  keyOperations,
  type Operation,
  REDEEM_CODE,
  VERIFY_KEY,
} from './operations.ts';

/** The parts of the API that a deployment turns on. */
export interface DocumentedParts {
  readonly operators: boolean;
  readonly owners: boolean;
  readonly portal: boolean;
}

/**
 * Returns the OpenAPI 3.1 document of the API. Its schemas are those that check the requests. It contains only the parts
 * that are turned on.
 */
export function createOpenApiDocument(parts: DocumentedParts): Json {
  const operations = placeOperations(parts);
  const paths: Record<string, Json> = {};
  for (const placed of operations) {
    const item = (paths[placed.path] ??= {});
    item[placed.operation.method] = describeOperation(placed, tagOf(placed));
  }
  const used = new Set(operations.map(({ audience }) => audience));
  const document = { paths, components: { responses: describeProblems(), securitySchemes: describeSecurity(used) } };
  return {
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/' }],
    tags: TAGS.filter(({ name }) => operations.some((placed) => tagOf(placed) === name)),
    paths,
    components: { schemas: usedSchemas(document), ...document.components },
  };
}

const INFO = {
  title: 'Latchkey key management',
  version: '1',
  summary: 'Creates, changes, rotates and revokes API keys.',
  description:
    'Operators sign requests with AWS Signature Version 4. Owners manage their own keys below `/me` with a token of the deployment\'s OIDC issuer, or below `/portal/me` with a portal session. Errors are problem details (RFC 9457) with a `code`. API Gateway itself rejects a request without valid credentials with `{ "message": … }`.',
  license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
};

const TAGS = [
  { name: 'operators', description: 'All keys, for callers with IAM credentials.' },
  { name: 'owners', description: "An owner's keys, for callers with a token." },
  { name: 'portal', description: "An owner's keys, for the portal's page." },
  { name: 'document', description: 'The description of the API.' },
];

const TAG_OF: Readonly<Record<Audience, string>> = {
  operator: 'operators',
  owner: 'owners',
  portalOwner: 'portal',
  anybody: 'document',
};

function tagOf({ path, audience }: PlacedOperation): string {
  return path.startsWith('/portal/') ? 'portal' : TAG_OF[audience];
}

/** The prefix of the operations' ids, before the last word of `listKeys` or `createKey`. */
const ID_WORD = { operator: '', owner: 'Own', portalOwner: 'Portal' } as const;

function onKeys(audience: keyof typeof ID_WORD, base: string): readonly PlacedOperation[] {
  return Object.entries(keyOperations(audience === 'operator' ? 'operator' : 'owner')).map(([name, operation]) =>
    one(name.replace('Key', `${ID_WORD[audience]}Key`), audience, operation, base),
  );
}

function one(id: string, audience: Audience, operation: Operation, base = ''): PlacedOperation {
  return { id, path: `${base}${operation.path}`, audience, operation };
}

function placeOperations({ operators, owners, portal }: DocumentedParts): readonly PlacedOperation[] {
  return [
    ...(operators ? [...onKeys('operator', ''), one('verifyKey', 'operator', VERIFY_KEY)] : []),
    ...(operators && portal ? [one('createPortalSession', 'operator', CREATE_PORTAL_SESSION)] : []),
    ...(owners ? [one('getOwner', 'owner', DESCRIBE_OWNER, '/me'), ...onKeys('owner', '/me')] : []),
    ...(portal
      ? [
          one('redeemPortalCode', 'anybody', REDEEM_CODE),
          one('endPortalSession', 'portalOwner', END_SESSION),
          one('getPortalOwner', 'portalOwner', DESCRIBE_PORTAL_OWNER, '/portal/me'),
          ...onKeys('portalOwner', '/portal/me'),
        ]
      : []),
    one('getDocument', 'anybody', GET_DOCUMENT),
  ];
}

const GET_DOCUMENT = {
  method: 'get',
  path: '/openapi.json',
  summary: 'Returns this document',
  status: 200,
  response: z.record(z.string(), z.unknown()),
} as const satisfies Operation;
