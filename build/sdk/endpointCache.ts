/**
 * An empty cache. `build/build.js` replaces the AWS SDK's cache of discovered endpoints with it. The function never
 * discovers an endpoint, but every client creates the cache.
 */
export class EndpointCache {
  get(): undefined {
    return undefined;
  }
}
