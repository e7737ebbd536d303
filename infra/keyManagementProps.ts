import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ThrottleSettings } from 'aws-cdk-lib/aws-apigatewayv2';
import type { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ApiKeyAuthorizer } from './apiKeyAuthorizer.ts';
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import type { ApiKeyUsage } from './apiKeyUsage.ts';

/** The tokens of owners: the issuer, and the claims that name the owner. */
export interface OwnerAccess {
  /**
   * The issuer of the tokens, an `https` URL. API Gateway reads its keys from `/.well-known/openid-configuration` below
   * that URL, and accepts only RSA signatures.
   */
  readonly issuer: string;

  /** The audiences of the tokens. A token's `aud`, or its `client_id` without an `aud`, must be one of them. */
  readonly audience: readonly string[];

  /**
   * The claim with the owner's id. With an `orgClaim`, it names the user who acts for the organisation.
   *
   * @default 'sub'
   */
  readonly ownerClaim?: string;

  /**
   * The claim with the id of the user's organisation. The organisation then owns the keys, and a token without the claim
   * is refused.
   *
   * @default - users own their keys
   */
  readonly orgClaim?: string;
}

/** What each owner may do with their keys, by JWT and in the portal. */
export interface OwnerRules {
  /**
   * The scopes that owners may give their keys. A new key has all of them unless its owner names some.
   *
   * @default - owners can't set scopes. Their keys have none, so they open every route
   */
  readonly scopes?: readonly string[];

  /**
   * The plans that owners may choose. The first one is the default.
   *
   * @default - owners can't choose a plan. Their keys have none
   */
  readonly plans?: readonly string[];

  /**
   * The longest lifetime of a key, which is also its default.
   *
   * @default - keys don't need to expire
   */
  readonly maxLifetime?: Duration;

  /**
   * The maximum number of an owner's keys that aren't revoked or expired.
   *
   * @default 20
   */
  readonly maxKeysPerOwner?: number;

  /**
   * The number of requests per second that each owner may send on average.
   *
   * @default 5
   */
  readonly rateLimit?: number;

  /**
   * The number of requests that each owner may send at once.
   *
   * @default 20
   */
  readonly burstLimit?: number;
}

/** The hosted page on which owners manage their keys. */
export interface PortalProps {
  /** The name of your product. The page shows it. */
  readonly name: string;

  /**
   * The `https` URL of your logo.
   *
   * @default - the page shows only the name
   */
  readonly logoUrl?: string;

  /**
   * The colour of buttons and links, such as `#0b6e4f`.
   *
   * @default - the page's own colour
   */
  readonly accentColor?: string;

  /** The origins to which the page may link back, such as `https://app.example.com`. */
  readonly returnOrigins: readonly string[];

  /**
   * The URL of the API as browsers reach it, without a slash at its end. Set it behind CloudFront, or if a custom
   * domain maps the API to a base path.
   *
   * @default - the domain on which API Gateway receives the requests
   */
  readonly url?: string;
}

/** Properties of `KeyManagementApi`: the callers, their rights, and the function's settings. */
export interface KeyManagementApiProps {
  /** The table of keys. The function may read and change it. */
  readonly table: IApiKeyTable;

  /**
   * The authorizer whose settings apply: its prefixes and plans to new keys, and its limits to `POST /keys/verify`.
   *
   * @default - the authorizer's default settings
   */
  readonly authorizer?: ApiKeyAuthorizer;

  /**
   * The usage of the keys, for `GET /keys/{id}/usage`.
   *
   * @default - the API doesn't report usage
   */
  readonly usage?: ApiKeyUsage;

  /**
   * Whether operators may call the API with credentials of AWS. `grantInvoke` lets them.
   *
   * @default true
   */
  readonly operators?: boolean;

  /**
   * The tokens with which owners call the API below `/me`.
   *
   * @default - owners can't call the API by JWT
   */
  readonly owners?: OwnerAccess;

  /**
   * The hosted page for owners, below `/portal`. Your application opens it by `POST /portal-sessions`.
   *
   * @default - no page
   */
  readonly portal?: PortalProps;

  /**
   * What owners may do. Required with `owners` or `portal`.
   *
   * @default - nobody calls the API as an owner
   */
  readonly ownerRules?: OwnerRules;

  /**
   * The origins of web pages that may call the API with a token, such as `https://app.example.com`.
   *
   * @default - browsers allow only pages of the API itself
   */
  readonly corsOrigins?: readonly string[];

  /**
   * The table that counts the requests of owners.
   *
   * @default - the table of the authorizer, or a new one
   */
  readonly limits?: IApiKeyLimits;

  /**
   * The rate of all requests to the API together.
   *
   * @default - 50 requests per second, in bursts of 100
   */
  readonly throttle?: ThrottleSettings;

  /**
   * The log group of the API's access log. The log has the caller, the route and the status, and no paths or headers.
   *
   * @default - a new log group
   */
  readonly accessLog?: ILogGroup;

  /**
   * The encryption of the state table at rest. The table has hashes of sessions and codes, and names of owners.
   *
   * @default - a key that DynamoDB owns, at no cost
   */
  readonly encryption?: TableEncryptionV2;

  /**
   * The removal policy of the state table if you remove it from the stack. It contains only what lives for a day: the
   * portal's sessions, and the requests that may be repeated.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * The Node.js runtime of the function, Node.js 20 or newer.
   *
   * @default Runtime.NODEJS_24_X
   */
  readonly runtime?: Runtime;

  /**
   * The instruction set of the function.
   *
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture;

  /**
   * The KMS key that encrypts the environment variables of the function. They don't contain secrets. The construct
   * grants the function the permission to decrypt them.
   *
   * @default - a key that AWS manages
   */
  readonly environmentEncryption?: IKey;

  /**
   * The time for which CloudWatch keeps the function's log and the access log.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * The removal policy of both log groups.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly logRemovalPolicy?: RemovalPolicy;
}
