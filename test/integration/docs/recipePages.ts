import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file that a page shows as a whole: a fenced block whose first line is a comment with its name. */
export interface RecipeFile {
  readonly page: string;
  /** The folder of the recipe: its heading, as a link to it is spelt. */
  readonly recipe: string;
  readonly name: string;
  readonly text: string;
}

const BLOCK = /^## (?<heading>.+)$|^```\w+\n(?<text>(?:\/\/|#) (?<name>[\w.-]+)\n[^]*?)^```$/gmu;

/** What a piece of a stack has around it on whoever's page it stands: the names that it may use, and a construct to be in. */
const AROUND = `
import type { Integration } from 'aws-cdk-lib/aws-apigateway';
import { LogGroupLogDestination, Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyMonitoring, latchkeyAccessLogFormat, type IApiKeyTable } from 'latchkey/cdk';

export { ApiKeyAuthorizer, ApiKeyMonitoring, latchkeyAccessLogFormat, LogGroup, LogGroupLogDestination, Period, SnsAction };
export declare const [api, authorizer, integration, table, topic]: [
  RestApi,
  ApiKeyAuthorizer,
  Integration,
  IApiKeyTable,
  ITopic,
];
export function piece(this: Construct): void {
`;

const PIECE = /^```ts\n(?!\/\/ )(?<text>[^]*?)^```$/gmu;

/** The TypeScript of a page below `root` that is no file but a piece of one, as files that can be compiled and not run. */
export function recipePieces(root: string, page: string): RecipeFile[] {
  const recipe = `pieces-of-${page.replaceAll(/[^a-z0-9]+/g, '-')}`;
  const pieces = [...readFileSync(join(root, page), 'utf8').matchAll(PIECE)];
  return pieces.map(({ groups: { text = '' } = {} }, at) => {
    return { page, recipe, name: `piece${at}.ts`, text: `${AROUND}${text}}\n` };
  });
}

/** The files that a page below `root` shows, each of the recipe under whose heading it stands. */
export function recipeFiles(root: string, page: string): RecipeFile[] {
  let recipe = '';
  return [...readFileSync(join(root, page), 'utf8').matchAll(BLOCK)].flatMap(({ groups = {} }) => {
    const { heading, name, text } = groups;
    if (heading !== undefined) recipe = heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    return name === undefined || text === undefined ? [] : [{ page, recipe, name, text }];
  });
}
