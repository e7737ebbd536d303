import { execFileSync } from 'node:child_process';

/**
 * The Node binary that parts run on: the one given, else the one of `LATCHKEY_LAMBDA_NODE`, which `test/e2e/runtimeClientCache.sh`
 * installs, else the one that runs this.
 *
 * @throws Error where it cannot run TypeScript by itself: a transformer would be measured too
 */
export function nodeToMeasure(given: string | undefined): string {
  const node = given ?? process.env['LATCHKEY_LAMBDA_NODE'] ?? process.execPath;
  const told = execFileSync(node, ['-p', 'process.version + " " + process.features.typescript'], { encoding: 'utf8' });
  const [version, typescript] = told.trim().split(' ');
  if (typescript === 'strip') return node;
  throw new Error(
    `parts run on Node 24, as the function does, and not on ${version}: give --node PATH or LATCHKEY_LAMBDA_NODE; ` +
      '`. test/e2e/runtimeClientCache.sh` installs it outside the project and sets the variable',
  );
}
