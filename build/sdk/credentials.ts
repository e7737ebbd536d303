import { fromHttp } from '@aws-sdk/credential-provider-http';
import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from '@smithy/core';

type Provider = ReturnType<typeof fromHttp>;
type Credentials = Awaited<ReturnType<Provider>>;

/**
 * Returns the credentials that Lambda gives a function. `build/build.js` replaces the AWS SDK's whole chain with this
 * function, so it has the chain's name. It reads the credentials from environment variables once, because they don't
 * change ("Defined runtime environment variables", AWS Lambda Developer Guide). It otherwise uses the server in
 * `AWS_CONTAINER_CREDENTIALS_FULL_URI`, for example in runtimes with SnapStart. The server's credentials expire, so it
 * requests new ones in time.
 */
export function defaultProvider(): Provider {
  const inEnvironment = readCredentials(process.env);
  if (inEnvironment !== undefined) return async () => inEnvironment;
  return (
    memoizeIdentityProvider(requestCredentials, isIdentityExpired, doesIdentityRequireRefresh) ?? requestCredentials
  );
}

function readCredentials({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
}: NodeJS.ProcessEnv): Credentials | undefined {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

// A static import, because esbuild would wrap every module that an `import()` reaches.
const requestCredentials: Provider = () => fromHttp()();
