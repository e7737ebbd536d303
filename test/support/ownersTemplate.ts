import { LOCAL_AUDIENCE } from '../../local/localIssuer.ts';
import { writeTemplateVariant } from './gateway.ts';

/** Writes a variant of the sample's template with another issuer and other settings of the management function. */
export function withIssuer(url: string, settings: object = {}): Promise<string> {
  return writeTemplateVariant(({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type === 'AWS::ApiGatewayV2::Authorizer' && Properties['AuthorizerType'] === 'JWT') {
        Properties['JwtConfiguration'] = { Issuer: url, Audience: [LOCAL_AUDIENCE] };
      }
      const { Variables = {} } = Object(Properties['Environment']);
      const text: unknown = Variables.LATCHKEY_MANAGEMENT;
      if (typeof text === 'string')
        Variables.LATCHKEY_MANAGEMENT = JSON.stringify({ ...JSON.parse(text), ...settings });
    }
  });
}
