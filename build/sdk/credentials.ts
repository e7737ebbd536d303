import { fromHttp } from '@aws-sdk/credential-provider-http';
import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from '@smithy/core';

type Provider = ReturnType<typeof fromHttp>;
type Credentials = Awaited<ReturnType<Provider>>;

/**
 * The credentials that Lambda gives a function. `build/build.js` puts this in the place of the AWS SDK's whole chain, under the
 * chain's name. Those in the environment come first ("Defined runtime environment variables", AWS Lambda Developer Guide), and
 * are read once: nobody can give a process others. Where there are none, Lambda names a server of credentials
 * (`AWS_CONTAINER_CREDENTIALS_FULL_URI`), as it does for runtimes with SnapStart; theirs expire, and are asked for anew before.
 */
export function defaultProvider(): Provider {
  const inEnvironment = readCredentials(process.env);
  if (inEnvironment !== undefined) return async () => inEnvironment;
  return memoizeIdentityProvider(askServer, isIdentityExpired, doesIdentityRequireRefresh) ?? askServer;
}

function readCredentials({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
}: NodeJS.ProcessEnv): Credentials | undefined {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

// Bound at once and not by `import()`, which would have esbuild wrap every module that it reaches.
const askServer: Provider = () => fromHttp()();
