// Compares the function and the outputs of an applied Terraform module with the function's parser and the construct.
// Usage: checkSettings.ts FUNCTION.json OUTPUTS.json [ENVIRONMENT.json], the expected environment variables
import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Template } from 'aws-cdk-lib/assertions';
import { addGatewayResponses } from '../../../infra/gatewayResponses.ts';
import { httpIdentitySources, restIdentitySources, webSocketIdentitySources } from '../../../infra/keySources.ts';
import { formatAcceptedKeys } from '../../../keys/acceptedKeys.ts';
import { type Config, readConfig, SETTINGS } from '../../../lambda/config.ts';

const [functionFile = '', outputsFile = '', environmentFile] = process.argv.slice(2);
const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

const environment: Readonly<Record<string, string>> = readJson(functionFile).Environment.Variables;
const outputs = Object.fromEntries(
  Object.entries<{ value: unknown }>(readJson(outputsFile)).map(([name, { value }]) => [name, value]),
);
const config = readConfig(environment);

if (environmentFile !== undefined) {
  deepEqual(environment, readJson(environmentFile));
  deepEqual(Object.keys(environment).toSorted(), variablesOf(Object.values(SETTINGS)));
}
equal(outputs['revocation_delay_seconds'], config.recordCacheSeconds + config.resultsCacheSeconds);
equal(outputs['table_name'], environment['LATCHKEY_TABLE']);
if ('accepted_keys' in outputs) checkModule(config);

function checkModule({ keyFormat, keySources, httpApiResponse, resultsCacheSeconds, scopes, ...others }: Config): void {
  equal(outputs['accepted_keys'], formatAcceptedKeys(keyFormat));
  equal(outputs['results_cache_seconds'], resultsCacheSeconds);
  const perRoute = httpApiResponse === 'simple' && resultsCacheSeconds > 0 && !scopes.isEmpty;
  deepEqual(outputs['identity_sources'], {
    rest: restIdentitySources(keySources)[0] ?? null,
    http: httpIdentitySources(keySources, { perRoute }),
    websocket: webSocketIdentitySources(keySources),
  });
  const hasPlans = others.plans !== undefined || others.usageIdentifier === 'presented-key';
  deepEqual(outputs['gateway_responses'], gatewayResponses(keySources, hasPlans));
  if (environmentFile !== undefined) return;
  // Without its own values, the module has the function's defaults.
  const table = { LATCHKEY_TABLE: environment['LATCHKEY_TABLE'] };
  deepEqual(config, readConfig(table));
  deepEqual(
    Object.keys(environment).toSorted(),
    variablesOf(Object.values(SETTINGS).filter((setting) => setting.default !== undefined)),
  );
}

function variablesOf(settings: readonly { readonly variable: string }[]): readonly string[] {
  return settings.map(({ variable }) => variable).toSorted();
}

/** Returns the construct's gateway responses in the shape of the module's output. */
function gatewayResponses(keySources: Config['keySources'], hasPlans: boolean): Readonly<Record<string, unknown>> {
  const stack = new Stack(new App(), 'Responses');
  const api = new RestApi(stack, 'Api');
  api.root.addMethod('GET');
  addGatewayResponses(api, { keySources, hasPlans });
  const responses = Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::GatewayResponse'));
  return Object.fromEntries(
    responses.map(({ Properties: { ResponseType, ResponseTemplates, ResponseParameters } }) => [
      ResponseType,
      { template: ResponseTemplates['application/json'], parameters: ResponseParameters },
    ]),
  );
}
