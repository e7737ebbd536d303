import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A whole file on a page. Its fenced block begins with a comment that contains the file's name. */
export interface RecipeFile {
  readonly page: string;
  /** The folder of the recipe, which is its heading in the form of a link's anchor. */
  readonly recipe: string;
  readonly name: string;
  readonly text: string;
}

const BLOCK = /^## (?<heading>.+)$|^```\w+\n(?<text>(?:\/\/|#) (?<name>[\w.-]+)\n[^]*?)^```$/gmu;

/** The imports and names that a piece of a stack needs to compile. */
const AROUND = `
import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Integration } from 'aws-cdk-lib/aws-apigateway';
import { LogGroupLogDestination, Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { WebSocketApi, WebSocketStage, type WebSocketRouteIntegration } from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpApi, HttpRouteIntegration } from 'aws-cdk-lib/aws-apigatewayv2';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyLimits, ApiKeyMonitoring, KeyManagementApi, latchkeyAccessLogFormat, LimitPeriod } from 'latchkey/cdk';
import type { IApiKeyTable, PlanMapping } from 'latchkey/cdk';

export { ApiKeyAuthorizer, ApiKeyMonitoring, latchkeyAccessLogFormat, LogGroup, LogGroupLogDestination, Period, SnsAction };
export { ApiKeyLimits, CfnOutput, Duration, KeyManagementApi, LimitPeriod, RemovalPolicy, WebSocketApi, WebSocketStage };
export declare const [api, authorizer, connect, integration, table, topic]: [
  RestApi,
  ApiKeyAuthorizer,
  WebSocketRouteIntegration,
  Integration,
  IApiKeyTable,
  ITopic,
];
export declare const [httpApi, limits, messages, orders, plans]: [
  HttpApi,
  ApiKeyLimits,
  LambdaFunction,
  HttpRouteIntegration,
  PlanMapping,
];
export function piece(this: Construct): void {
`;

const PIECE = /^```ts\n(?!\/\/ )(?<text>[^]*?)^```$/gmu;

/** Returns a page's TypeScript blocks that aren't whole files. Each result compiles but can't run. */
export function recipePieces(root: string, page: string): RecipeFile[] {
  const recipe = `pieces-of-${page.replaceAll(/[^a-z0-9]+/g, '-')}`;
  const pieces = [...readFileSync(join(root, page), 'utf8').matchAll(PIECE)];
  return pieces.map(({ groups: { text = '' } = {} }, at) => {
    return { page, recipe, name: `piece${at}.ts`, text: `${AROUND}${text}}\n` };
  });
}

/** Returns the files on a page with the recipes of their headings. The page's path is relative to `root`. */
export function recipeFiles(root: string, page: string): RecipeFile[] {
  let recipe = '';
  return [...readFileSync(join(root, page), 'utf8').matchAll(BLOCK)].flatMap(({ groups = {} }) => {
    const { heading, name, text } = groups;
    if (heading !== undefined) recipe = heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    return name === undefined || text === undefined ? [] : [{ page, recipe, name, text }];
  });
}
