/** Jest's global setup: the constructs take the bundles of this very source as assets. */
export default async function buildBundles() {
  await import('../../build.js');
}
