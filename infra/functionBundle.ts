import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/**
 * The folder of a function's built code in this package. It is asked of `require`, because what compiles an app on the fly, as
 * tsx does to CommonJS, has no `import.meta.resolve`.
 */
export function functionBundle(name: 'authorizer' | 'plan-keys'): string {
  return dirname(createRequire(import.meta.url).resolve(`#root/dist/${name}/index.mjs`));
}
